"""REST rules: the price fallback, the list of symbols with its alive test, all prices at once, the 24 h volume, the pace."""

from dataclasses import dataclass

from trinity_beast.feeds.grammar import forms
from trinity_beast.feeds.grammar.errors import GrammarFault
from trinity_beast.feeds.grammar.forms import Blank, Form
from trinity_beast.feeds.grammar.paths import Path, Values, parse_path
from trinity_beast.feeds.grammar.placeholders import SYMBOL, SYMBOL_LOWER, Template
from trinity_beast.feeds.grammar.section import Section
from trinity_beast.feeds.grammar.times import TimeFormat
from trinity_beast.feeds.grammar.wanted import Match

_ONE = (SYMBOL, SYMBOL_LOWER)
MEMBER_NAME = "@"
_QUOTE_CHARACTERS_MAX = 8


@dataclass(frozen=True, slots=True)
class RowName:
    """How a row of an answer is called: what a path in it leads to, or `@` (None), the member of the answer it stands under."""

    path: Path | None

    def __str__(self) -> str:
        return MEMBER_NAME if self.path is None else str(self.path)


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

    `halted` are those the venue keeps and does not trade for now; what is neither is dead. `names` are what else the venue
    calls a market in its answers, now or formerly; `alias` leads to the symbol under which a market is delivered that is
    only another name of it.
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
    alias: Path | None = None
    names: tuple[RowName, ...] = ()


@dataclass(frozen=True, slots=True)
class RestPrices:
    """Where the last prices of all markets are told at once. Without times, so they are compared with and never served."""

    url: Template
    rows: Path
    symbol: RowName
    price: Path


@dataclass(frozen=True, slots=True)
class RestVolume:
    """Where the 24 h volumes are: in the quote, or in the base with a price to multiply by.

    An address with a symbol in it tells one market's; `symbol` is not needed there. `currency` is what the volume is in
    where that is not the quote.
    """

    url: Template
    rows: Path
    symbol: RowName | None = None
    quote_volume: Path | None = None
    base_volume: Path | None = None
    price: Path | None = None
    currency: str | None = None

    @property
    def is_of_one(self) -> bool:
        """Return whether each market is asked about by itself."""
        return bool(self.url.slots)


@dataclass(frozen=True, slots=True)
class RestRules:
    """The nineteenth column. An empty object means that the venue has no REST side for us."""

    price: RestPrice | None = None
    symbols: RestSymbols | None = None
    prices: RestPrices | None = None
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


def _name(*, needed: bool = False) -> Blank:
    """Return the blank for how a row is called, where `rows` beside it says what rows there are."""
    return lambda section, key: section.read(key, lambda text: _row_name(text, section.path("rows")), needed=needed)


def _names(section: Section, key: str) -> tuple[RowName, ...]:
    found = []
    for number, text in enumerate(section.texts(key)):
        try:
            found.append(_row_name(text, section.path("rows")))
        except GrammarFault as fault:
            section.faults.append(fault.at(f"{section.place(key)}[{number}]"))
    return tuple(found)


def _row_name(text: str, rows: Path | None) -> RowName:
    """Read how a row is called.

    Raises:
        GrammarFault: it is neither a path nor `@`, or `@` stands where rows are not members of an object.
    """
    if text != MEMBER_NAME:
        return RowName(parse_path(text))
    if rows is not None and (not rows.steps or not isinstance(rows.steps[-1], Values)):
        raise GrammarFault(text=text, position=1, expected="a path", found='"@"', hint="@ needs rows that end in {}, whose names it tells")
    return RowName(None)


def _currency(section: Section, key: str) -> str | None:
    def parse(text: str) -> str:
        if not text.isascii() or not text.isalnum() or text != text.upper() or len(text) > _QUOTE_CHARACTERS_MAX:
            raise GrammarFault(text=text, position=1, expected=f"1 to {_QUOTE_CHARACTERS_MAX} of A-Z and 0-9", found=f'"{text}"')
        return text

    return section.read(key, parse)


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
        "alias": forms.path(),
        "names": _names,
    },
    needs=["url", "rows", "symbol"],
    check=_alive_where_halted,
)
_PRICES = Form(
    RestPrices,
    {
        "url": forms.template(allowed=(), needed=True),
        "rows": forms.path(needed=True),
        "symbol": _name(needed=True),
        "price": forms.path(needed=True),
    },
    needs=["url", "rows", "symbol", "price"],
)
_VOLUME = Form(
    RestVolume,
    {
        "url": forms.template(allowed=_ONE, needed=True),
        "rows": forms.path(needed=True),
        "symbol": _name(),
        "quote_volume": forms.path(),
        "base_volume": forms.path(),
        "price": forms.path(),
        "currency": _currency,
    },
    needs=["url", "rows"],
    check=_some_volume,
)
_RULES = Form(
    RestRules,
    {
        "price": forms.one(_PRICE),
        "symbols": forms.one(_SYMBOLS),
        "prices": forms.one(_PRICES),
        "volume": forms.one(_VOLUME),
        "ok": forms.match(needed=False),
        "error": forms.path(),
        "requests_per_second": forms.number(least=0.001, most=10_000),
    },
)
