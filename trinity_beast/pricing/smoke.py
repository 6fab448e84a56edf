"""What the node answers with, as an audit sees it: read where requests are answered, charged to nobody."""

from typing import Protocol

from trinity_beast.feeds import Answered, Looks, Urgency
from trinity_beast.parameters import Readings
from trinity_beast.pricing.errors import AssetUnknown, PriceStale, PriceUnavailable
from trinity_beast.pricing.freshness import age_ns
from trinity_beast.pricing.parameters import REST_VENUES_ASKED_MAX, SECOND_NS
from trinity_beast.pricing.service import Prices
from trinity_beast.words import Asset, Venue

REFUSED = {"stale": PriceStale.code, "unavailable": PriceUnavailable.code, "halted": PriceUnavailable.code}


class Told(Protocol):
    """An asset's price as the engine would tell it now."""

    @property
    def price(self) -> str | None:
        """The digits; None while there are none."""
        ...

    @property
    def venue(self) -> str:
        """Whose they are."""
        ...

    @property
    def state(self) -> str:
        """How sure they are."""
        ...

    @property
    def age_ns(self) -> int:
        """How old they are."""
        ...


class ToldBook(Protocol):
    """What requests are answered from. `engine.Book` is one."""

    def read(self, asset: str) -> Told | None:
        """Return what a request would be told of `asset` now, or None when it is unknown."""
        ...


class Smoke:
    """Asks for prices as customers do, without a key and without being counted."""

    def __init__(self, prices: Prices, book: ToldBook, looks: Looks, readings: Readings | None = None) -> None:
        self._venues_max = (readings or Readings()).of(REST_VENUES_ASKED_MAX)
        self._prices, self._book, self._looks = prices, book, looks

    def held(self, asset: Asset, venue: Venue) -> Answered:
        """Return what there is of one venue."""
        try:
            price = self._prices.read(asset, venue=venue)
        except (AssetUnknown, PriceStale, PriceUnavailable) as refusal:
            age_ms = refusal.facts.get("age_ms")
            return Answered(False, code=refusal.code, age_seconds=age_ms / 1_000 if isinstance(age_ms, int) else None)
        is_lent = price.cache_tier == "valkey"
        return Answered(True, price.state, price.venue, price.price, price.age_ns / SECOND_NS, is_lent=is_lent)

    async def asked(self, asset: Asset, *, ends_ns: int) -> Answered:
        """Return what a request for the asset is told: by the engine, else by a look at what no feed holds, as the first ask has it."""
        told = self._book.read(asset)
        if told is not None and told.price is not None and told.state not in REFUSED:
            return Answered(True, told.state, told.venue, told.price, told.age_ns / SECOND_NS)
        looked = await self._looked(asset, ends_ns=ends_ns)
        if looked is not None:
            return looked
        if told is None:
            return Answered(False, code=AssetUnknown.code)
        age = told.age_ns / SECOND_NS if told.price is not None else None
        return Answered(False, told.state, told.venue, code=REFUSED.get(told.state, PriceUnavailable.code), age_seconds=age)

    async def _looked(self, asset: Asset, *, ends_ns: int) -> Answered | None:
        """Look where the first ask would look. Nothing of it is kept: an audit is nobody who asks for prices."""
        atlas = self._prices.atlas
        cold = [row for row in atlas.of_asset(asset) if not atlas.is_held(row.venue, row.symbol) and self._looks.can_look(row.venue)]
        for row in cold[: self._venues_max.value]:
            trade = (await self._looks.last_trade(row.venue, row.symbol, Urgency.AUDIT, ends_ns=ends_ns)).trade
            if trade is not None:
                age = age_ns(trade, now_monotonic_ns=trade.received_monotonic_ns)
                if age < self._prices.bounds.stale_after_ns:
                    return Answered(True, "rest", row.venue, trade.price, age / SECOND_NS)
        return None
