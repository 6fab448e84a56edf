"""A venue's own lists read: its markets by their names, their last prices, their volumes. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property

from trinity_beast.feeds.grammar.digits import DigitsRefused, Number, price_digits
from trinity_beast.feeds.grammar.paths import Path
from trinity_beast.feeds.grammar.rest import RestPrices, RestSymbols, RestVolume, RowName
from trinity_beast.feeds.reading.conditions import condition, number_of
from trinity_beast.feeds.reading.getters import all_of, one_of
from trinity_beast.feeds.rest.reading import renamer
from trinity_beast.words import Symbol

NAME_CHARACTERS_MAX = 60
VOLUME_MAX = Decimal(10) ** 30
Get = Callable[[object], object]


@dataclass(frozen=True, slots=True)
class Product:
    """A market as its venue lists it: `symbol` as the socket spells it, `base` and `quote` as the venue calls the coins.

    `is_alive` is None where only the market's own page tells. `alias` is the symbol under which it is delivered when it is
    but another name of that one; `names` is what else the venue calls it. `volume` is what was traded in 24 h, in
    `volume_currency`, or in the quote where that is empty; `price` the last one, without a time.
    """

    symbol: Symbol
    base: str = ""
    quote: str = ""
    is_alive: bool | None = None
    alias: str = ""
    names: tuple[str, ...] = ()
    price: str | None = None
    volume: Decimal | None = None
    volume_currency: str = ""


class Products:
    """One reading of a venue's list, found by symbol or by any other name the venue has for a market."""

    def __init__(self, products: Iterable[Product]) -> None:
        self._by_symbol = {product.symbol: product for product in products}

    def __iter__(self) -> Iterator[Product]:
        return iter(self._by_symbol.values())

    def __len__(self) -> int:
        return len(self._by_symbol)

    def get(self, symbol: str) -> Product | None:
        """Return the market of exactly this symbol."""
        return self._by_symbol.get(Symbol(symbol))

    def of_base(self, base: str) -> Sequence[Product]:
        """Return every market of a coin, by the name the venue has for it, in whatever case."""
        return self._by_base.get(base.upper(), ())

    def called(self, name: str) -> Product | None:
        """Return the market of any of whose names this is one; written in another case only where no other is meant."""
        exact, folded = self._by_name
        if name in self._by_symbol:
            return self._by_symbol[Symbol(name)]
        symbol = exact[name] if name in exact else folded.get(name.upper())
        return None if symbol is None else self._by_symbol[symbol]

    def with_figures(self, found: Mapping[str, "Figures"]) -> "Products":
        """Return the same list with prices and volumes put in, each by whatever name it was told under."""
        filled = dict(self._by_symbol)
        for name, figures in found.items():
            product = self.called(name)
            if product is not None:
                filled[product.symbol] = figures.put_into(filled[product.symbol])
        return Products(filled.values())

    @cached_property
    def _by_base(self) -> Mapping[str, list[Product]]:
        found: dict[str, list[Product]] = {}
        for product in self:
            if product.base:
                found.setdefault(product.base.upper(), []).append(product)
        return found

    @cached_property
    def _by_name(self) -> tuple[Mapping[str, Symbol | None], Mapping[str, Symbol | None]]:
        """What every name means, as written and in capitals; None where it means more than one market."""
        exact: dict[str, Symbol | None] = {}
        folded: dict[str, Symbol | None] = {}
        for product in self:
            for name in {product.symbol, *product.names}:
                exact[name] = product.symbol if exact.get(name, product.symbol) == product.symbol else None
                key = name.upper()
                folded[key] = product.symbol if folded.get(key, product.symbol) == product.symbol else None
        return exact, folded


@dataclass(frozen=True, slots=True)
class Figures:
    """What a bulk answer tells of one market."""

    price: str | None = None
    volume: Decimal | None = None
    volume_currency: str = ""

    def put_into(self, product: Product) -> Product:
        """Return the market with what is told; what is not told stays."""
        volume = product if self.volume is None else replace(product, volume=self.volume, volume_currency=self.volume_currency)
        return volume if self.price is None else replace(volume, price=self.price)


def products_reader(rules: RestSymbols) -> Callable[[object], Products]:
    """Return the function that reads a list of markets."""
    rows, symbol_of, renamed = named_rows(rules.rows), one_of(rules.symbol), renamer(rules.rename)
    is_alive = condition(rules.alive) if rules.alive is not None and rules.details_url is None else None
    base, quote, alias = (_text_getter(path) for path in (rules.base, rules.quote, rules.alias))
    names = [_name_getter(name) for name in rules.names]
    volume = _get(rules.volume_quote)

    def read(answer: object) -> Products:
        return Products(
            Product(
                Symbol(renamed(symbol)),
                base=renamed(base(row)),
                quote=renamed(quote(row)),
                is_alive=None if is_alive is None else is_alive(row),
                alias=alias(row),
                names=tuple(dict.fromkeys([symbol, *(told for name in names if (told := name(under, row)))])),
                volume=_volume(volume(row)),
            )
            for under, row in rows(answer)
            if (symbol := _text(symbol_of(row)))
        )

    return read


def details_reader(rules: RestSymbols) -> Callable[[Product, object], Product]:
    """Return the function that puts what a market's own page tells into it."""
    is_alive = condition(rules.alive) if rules.alive is not None else None
    base, quote = _text_getter(rules.base), _text_getter(rules.quote)

    def read(product: Product, answer: object) -> Product:
        alive = None if is_alive is None else is_alive(answer)
        return replace(product, is_alive=alive, base=base(answer) or product.base, quote=quote(answer) or product.quote)

    return read


def prices_reader(rules: RestPrices) -> Callable[[object], dict[str, Figures]]:
    """Return the function that reads the last prices of all markets, by the name each is told under."""
    rows, name_of, price_of = named_rows(rules.rows), _name_getter(rules.symbol), one_of(rules.price)

    def read(answer: object) -> dict[str, Figures]:
        told = ((name_of(under, row), _digits(price_of(row))) for under, row in rows(answer))
        return {name: Figures(price=price) for name, price in told if name and price is not None}

    return read


def volumes_reader(rules: RestVolume) -> Callable[[object], dict[str, Figures]]:
    """Return the function that reads 24 h volumes, by the name each is told under; the one of a single market under ""."""
    rows, name_of = named_rows(rules.rows), _name_getter(rules.symbol) if rules.symbol is not None else _nameless
    quote_volume, base_volume, price = (_get(path) for path in (rules.quote_volume, rules.base_volume, rules.price))

    def volume_of(row: object) -> Decimal | None:
        told = _volume(quote_volume(row))
        if told is not None:
            return told
        base, at = _volume(base_volume(row)), _volume(price(row))
        return None if base is None or at is None else base * at

    def read(answer: object) -> dict[str, Figures]:
        told = ((name_of(under, row), volume_of(row)) for under, row in rows(answer))
        return {name: Figures(volume=volume, volume_currency=rules.currency or "") for name, volume in told if volume is not None}

    return read


def named_rows(path: Path) -> Callable[[object], Iterable[tuple[str, object]]]:
    """Return the function that gives every row, each with the name of the member it is; a row of a list has none.

    Members are found where a path ends in `{}`: it leads to their object first.
    """
    if not path.steps or str(path.steps[-1]) != "{}":
        rows = all_of(path)
        return lambda answer: (("", row) for row in rows(answer))
    above = all_of(replace(path, steps=path.steps[:-1]))
    return lambda answer: (
        (name, row) for found in above(answer) if type(found) is dict for name, row in found.items() if type(row) in (dict, list)
    )


def _name_getter(name: RowName) -> Callable[[str, object], str]:
    if name.path is None:
        return lambda under, _row: under
    get = one_of(name.path)
    return lambda _under, row: _text(get(row))


def _nameless(_under: str, _row: object) -> str:
    return ""


def _get(path: Path | None) -> Get:
    return one_of(path) if path is not None else _nothing


def _nothing(_row: object) -> object:
    return None


def _text_getter(path: Path | None) -> Callable[[object], str]:
    get = _get(path)
    return lambda row: _text(get(row))


def _text(value: object) -> str:
    """Return a text as it stands in the answer; nothing where it is none, or none anybody would call a market."""
    is_text = isinstance(value, str) and not isinstance(value, Number)
    return value if is_text and isinstance(value, str) and len(value) <= NAME_CHARACTERS_MAX and value.isprintable() else ""


def _digits(value: object) -> str | None:
    try:
        return price_digits(value)
    except DigitsRefused:
        return None


def _volume(value: object) -> Decimal | None:
    number = number_of(value)
    return number if number is not None and number.is_finite() and 0 <= number <= VOLUME_MAX else None
