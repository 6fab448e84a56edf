"""What venues list, asked in turn after everybody else: for audits and discovery."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from trinity_beast.clock import Clock
from trinity_beast.feeds.moment import nanoseconds
from trinity_beast.feeds.rest.desk import Desk, Place
from trinity_beast.feeds.rest.looks import Looks
from trinity_beast.feeds.rest.model import LookFailed, Urgency
from trinity_beast.feeds.rest.parameters import REST_LIST_FLIGHT_SECONDS
from trinity_beast.feeds.rest.products import Figures, Product, Products, details_reader, prices_reader, products_reader, volumes_reader
from trinity_beast.feeds.rest.reading import address
from trinity_beast.parameters import Readings
from trinity_beast.words import Venue


class Listings:
    """Reads venues' own lists. It keeps their pace with the looks and goes after all of them.

    Every method that asks gives up at `ends_ns` (monotonic) and raises LookFailed.
    """

    def __init__(self, looks: Looks, clock: Clock, readings: Readings) -> None:
        self._looks, self._clock = looks, clock
        self._flight_seconds = readings.of(REST_LIST_FLIGHT_SECONDS)

    def knows(self, venue: Venue) -> bool:
        """Return whether this node uses a row of that venue, one that is off included."""
        return self._looks.desk(venue) is not None

    def can_list(self, venue: Venue) -> bool:
        """Return whether the venue's row says where its list is. One that is off may be listed too: it is mapped before it is on."""
        desk = self._looks.desk(venue)
        return desk is not None and desk.row.rest_rules.symbols is not None

    def volumes_one_by_one(self, venue: Venue) -> bool:
        """Return whether the venue tells 24 h volumes of one market at a time only."""
        desk = self._looks.desk(venue)
        volume = desk.row.rest_rules.volume if desk is not None else None
        return volume is not None and volume.is_of_one

    async def products(self, venue: Venue, *, ends_ns: int) -> Products:
        """Return the venue's list as it is now. Where each market has its own page, `is_alive` is None."""
        desk = self._desk(venue)
        rules = desk.row.rest_rules.symbols
        assert rules is not None, "only a venue with a list is a desk here"
        answer, asked_ns = await desk.ask(str(rules.url), self._place(ends_ns))
        products = products_reader(rules)(answer)
        if rules.details_url is None and rules.alive is not None:
            desk.heard_alive({None: frozenset(product.symbol for product in products if product.is_alive)}, asked_ns)
        return products

    async def figures(self, venue: Venue, products: Products, *, ends_ns: int, volumes: bool = False) -> Products:
        """Return the list with every last price put in, and the 24 h volumes where they are wanted: one request for each address."""
        desk = self._desk(venue)
        rules = desk.row.rest_rules
        readers: dict[str, list[Callable[[object], dict[str, Figures]]]] = {}
        if rules.prices is not None:
            readers.setdefault(str(rules.prices.url), []).append(prices_reader(rules.prices))
        if volumes and rules.volume is not None and not rules.volume.is_of_one:
            readers.setdefault(str(rules.volume.url), []).append(volumes_reader(rules.volume))
        for url, wanted in readers.items():
            answer, _ = await desk.ask(url, self._place(ends_ns))
            for read in wanted:
                products = products.with_figures(read(answer))
        return products

    async def detailed(self, venue: Venue, product: Product, *, ends_ns: int) -> Product:
        """Return a market with what its own page says of it, where the venue has such pages: looked at now or a while ago."""
        desk = self._desk(venue)
        rules = desk.row.rest_rules.symbols
        if rules is None or rules.details_url is None:
            return product
        known = desk.known_alive(product.symbol)
        if known is not None:
            return replace(product, is_alive=known)
        answer, asked_ns = await desk.ask(address(rules.details_url, product.symbol), self._place(ends_ns))
        told = details_reader(rules)(product, answer)
        desk.heard_alive({product.symbol: frozenset([product.symbol] if told.is_alive else [])}, asked_ns)
        return told

    async def with_volume(self, venue: Venue, product: Product, *, ends_ns: int) -> Product:
        """Return a market with its 24 h volume, where the venue tells volumes one by one."""
        desk = self._desk(venue)
        rules = desk.row.rest_rules.volume
        if rules is None or not rules.is_of_one:
            return product
        answer, _ = await desk.ask(address(rules.url, product.symbol), self._place(ends_ns))
        return _first(volumes_reader(rules)(answer).values(), product)

    def _desk(self, venue: Venue) -> Desk:
        desk = self._looks.desk(venue)
        if desk is None or desk.row.rest_rules.symbols is None:
            raise LookFailed("refused", "its row names no list of symbols")
        return desk

    def _place(self, ends_ns: int) -> Place:
        return Place(Urgency.AUDIT, ends_ns, nanoseconds(self._flight_seconds.value))


def _first(figures: Iterable[Figures], product: Product) -> Product:
    return next((one.put_into(product) for one in figures), product)
