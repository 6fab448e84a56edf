"""REST rules: the price fallback, the list of symbols with its alive test, the 24 h volume, the pace."""

from dataclasses import dataclass

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
    """Where the list of symbols is, how to read it, and which of them are alive. `rename` holds (listed, on the socket) cuts."""

    url: Template
    rows: Path
    symbol: Path
    base: Path | None = None
    quote: Path | None = None
    details_url: Template | None = None
    rename: tuple[tuple[str, str], ...] = ()
    alive: Match | None = None
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
    rules = RestRules(
        price=_price(section),
        symbols=_symbols(section),
        volume=_volume(section),
        ok=section.match("ok", needed=False),
        error=section.path("error"),
        requests_per_second=section.number("requests_per_second", least=0.001, most=10_000),
    )
    section.finish()
    return rules


def _price(section: Section) -> RestPrice | None:
    inner = section.section("price")
    if inner is None:
        return None
    url = inner.template("url", allowed=_ONE, must=_ONE, needed=True)
    price, time, time_format = inner.path("price", needed=True), inner.path("time"), inner.choice("time_format", TimeFormat)
    inner.finish()
    if (time is None) != (time_format is None):
        inner.fault("time_format" if time_format is None else "time", "time and time_format together, or neither")
    return RestPrice(url, price, time, time_format) if url is not None and price is not None else None


def _symbols(section: Section) -> RestSymbols | None:
    inner = section.section("symbols")
    if inner is None:
        return None
    url, rows = inner.template("url", allowed=(), needed=True), inner.path("rows", needed=True)
    symbol, base, quote = inner.path("symbol", needed=True), inner.path("base"), inner.path("quote")
    details = inner.template("details_url", allowed=_ONE, must=_ONE)
    rename, alive = inner.words("rename"), inner.match("alive", needed=False)
    volume = inner.path("volume_quote")
    inner.finish()
    if url is None or rows is None or symbol is None:
        return None
    return RestSymbols(url, rows, symbol, base, quote, details, rename, alive, volume)


def _volume(section: Section) -> RestVolume | None:
    inner = section.section("volume")
    if inner is None:
        return None
    url, rows = inner.template("url", allowed=(), needed=True), inner.path("rows", needed=True)
    symbol, quote_volume = inner.path("symbol"), inner.path("quote_volume")
    base_volume, price = inner.path("base_volume"), inner.path("price")
    inner.finish()
    if quote_volume is None and (base_volume is None or price is None):
        inner.fault("quote_volume", "quote_volume, or base_volume and price")
    return RestVolume(url, rows, symbol, quote_volume, base_volume, price) if url is not None and rows is not None else None
