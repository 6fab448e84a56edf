"""REST rules: the price fallback, the list of symbols with its alive test, all prices at once, the 24 h volume, the pace."""

from dataclasses import dataclass

from trinity_beast.feeds.grammar.errors import GrammarFault
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

    `names` are what else the venue calls a market in its answers, now or formerly; `alias` leads to the symbol under which
    a market is delivered that is only another name of it.
    """

    url: Template
    rows: Path
    symbol: Path
    base: Path | None = None
    quote: Path | None = None
    details_url: Template | None = None
    rename: tuple[tuple[str, str], ...] = ()
    alive: Match | None = None
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
    rules = RestRules(
        price=_price(section),
        symbols=_symbols(section),
        prices=_prices(section),
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
    volume, alias, names = inner.path("volume_quote"), inner.path("alias"), _names(inner, rows)
    inner.finish()
    if url is None or rows is None or symbol is None:
        return None
    return RestSymbols(url, rows, symbol, base, quote, details, rename, alive, volume, alias, names)


def _prices(section: Section) -> RestPrices | None:
    inner = section.section("prices")
    if inner is None:
        return None
    url, rows = inner.template("url", allowed=(), needed=True), inner.path("rows", needed=True)
    symbol, price = _name(inner, rows, needed=True), inner.path("price", needed=True)
    inner.finish()
    if url is None or rows is None or symbol is None or price is None:
        return None
    return RestPrices(url, rows, symbol, price)


def _volume(section: Section) -> RestVolume | None:
    inner = section.section("volume")
    if inner is None:
        return None
    url, rows = inner.template("url", allowed=_ONE, needed=True), inner.path("rows", needed=True)
    symbol, quote_volume = _name(inner, rows), inner.path("quote_volume")
    base_volume, price, currency = inner.path("base_volume"), inner.path("price"), inner.read("currency", _currency)
    inner.finish()
    if quote_volume is None and (base_volume is None or price is None):
        inner.fault("quote_volume", "quote_volume, or base_volume and price")
    if url is None or rows is None:
        return None
    return RestVolume(url, rows, symbol, quote_volume, base_volume, price, currency)


def _name(section: Section, rows: Path | None, *, needed: bool = False) -> RowName | None:
    return section.read("symbol", lambda text: _row_name(text, rows), needed=needed)


def _names(section: Section, rows: Path | None) -> tuple[RowName, ...]:
    found = []
    for number, text in enumerate(section.texts("names")):
        try:
            found.append(_row_name(text, rows))
        except GrammarFault as fault:
            section.faults.append(fault.at(f"{section.place('names')}[{number}]"))
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


def _currency(text: str) -> str:
    if not text.isascii() or not text.isalnum() or text != text.upper() or len(text) > _QUOTE_CHARACTERS_MAX:
        raise GrammarFault(text=text, position=1, expected=f"1 to {_QUOTE_CHARACTERS_MAX} of A-Z and 0-9", found=f'"{text}"')
    return text
