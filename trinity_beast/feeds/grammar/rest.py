"""REST rules: the price fallback, the list of symbols with its alive test, the 24 h volume, the pace."""

from dataclasses import dataclass

from trinity_beast.feeds.grammar import forms
from trinity_beast.feeds.grammar.forms import Form
from trinity_beast.feeds.grammar.paths import Path
from trinity_beast.feeds.grammar.placeholders import SYMBOL, SYMBOL_LOWER, Template
from trinity_beast.feeds.grammar.section import Section
from trinity_beast.feeds.grammar.times import TimeFormat
from trinity_beast.feeds.grammar.wanted import Match

_ONE = (SYMBOL, SYMBOL_LOWER)


@dataclass(frozen=True, slots=True)
class RestPrice:
    """Where to ask for one symbol's last trade."""

    url: Template
    price: Path
    time: Path | None = None
    time_format: TimeFormat | None = None


@dataclass(frozen=True, slots=True)
class RestSymbols:
    """Where the list of symbols is, how to read it, and which of them are alive. `rename` holds (listed, on the socket) cuts.

    `halted` are those the venue keeps and does not trade for now; what is neither is dead.
    """

    url: Template
    rows: Path
    symbol: Path
    base: Path | None = None
    quote: Path | None = None
    details_url: Template | None = None
    rename: tuple[tuple[str, str], ...] = ()
    alive: Match | None = None
    halted: Match | None = None
    volume_quote: Path | None = None


@dataclass(frozen=True, slots=True)
class RestVolume:
    """Where the 24 h volumes are: in the quote, or in the base with a price to multiply by."""

    url: Template
    rows: Path
    symbol: Path | None = None
    quote_volume: Path | None = None
    base_volume: Path | None = None
    price: Path | None = None


@dataclass(frozen=True, slots=True)
class RestRules:
    """The nineteenth column. An empty object means that the venue has no REST side for us."""

    price: RestPrice | None = None
    symbols: RestSymbols | None = None
    volume: RestVolume | None = None
    ok: Match | None = None
    error: Path | None = None
    requests_per_second: float | None = None


def parse_rest(section: Section) -> RestRules:
    """Read the REST rules; what is wrong is noted in the section's faults."""
    return _RULES.read(section) or RestRules()


def _some_volume(section: Section) -> None:
    """Note volumes that are told neither in the quote nor so that they could be reckoned."""
    if not section.has("quote_volume") and not (section.has("base_volume") and section.has("price")):
        section.fault("quote_volume", "quote_volume, or base_volume and price")


def _alive_where_halted(section: Section) -> None:
    """Note a list that tells the halted from the dead, and neither from the living."""
    if section.has("halted") and not section.has("alive"):
        section.fault("alive", "what is alive, beside what is halted")


_PRICE = Form(
    RestPrice,
    {
        "url": forms.template(allowed=_ONE, must=_ONE, needed=True),
        "price": forms.path(needed=True),
        "time": forms.path(),
        "time_format": forms.choice(TimeFormat),
    },
    needs=["url", "price"],
    check=forms.together("time", "time_format"),
)
_SYMBOLS = Form(
    RestSymbols,
    {
        "url": forms.template(allowed=(), needed=True),
        "rows": forms.path(needed=True),
        "symbol": forms.path(needed=True),
        "base": forms.path(),
        "quote": forms.path(),
        "details_url": forms.template(allowed=_ONE, must=_ONE),
        "rename": forms.words(),
        "alive": forms.match(needed=False),
        "halted": forms.match(needed=False),
        "volume_quote": forms.path(),
    },
    needs=["url", "rows", "symbol"],
    check=_alive_where_halted,
)
_VOLUME = Form(
    RestVolume,
    {
        "url": forms.template(allowed=(), needed=True),
        "rows": forms.path(needed=True),
        "symbol": forms.path(),
        "quote_volume": forms.path(),
        "base_volume": forms.path(),
        "price": forms.path(),
    },
    needs=["url", "rows"],
    check=_some_volume,
)
_RULES = Form(
    RestRules,
    {
        "price": forms.one(_PRICE),
        "symbols": forms.one(_SYMBOLS),
        "volume": forms.one(_VOLUME),
        "ok": forms.match(needed=False),
        "error": forms.path(),
        "requests_per_second": forms.number(least=0.001, most=10_000),
    },
)
