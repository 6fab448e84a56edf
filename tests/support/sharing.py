"""Builders for prices that are shared: what lies in the cache, and nodes that share one."""

import dataclasses
from typing import Any

import msgspec

from tests.support.book import Ledger
from tests.support.clock import ManualClock
from tests.support.feeds import NOW_NS, SECOND_NS, mapped, trade
from trinity_beast.feeds import Look, MappedAsset, Moment
from trinity_beast.parameters import Readings
from trinity_beast.pricing import CacheTier, Prices, Shelf
from trinity_beast.pricing.cache.model import SharedPrice
from trinity_beast.storage import Valkey
from trinity_beast.words import Trade

BTC = mapped("BTC")


def shared(**changes: Any) -> SharedPrice:
    """A price that a neighbour received half a second ago, 20 ms after it was printed, and wrote now."""
    plain: dict[str, Any] = {
        "exchange_time_ns": NOW_NS - 520_000_000,
        "asset": "BTC",
        "venue": "coinbase",
        "symbol": "BTC-USD",
        "quote": "USD",
        "price": "97123.45",
        "source": "coinbase-ws",
        "state": "live",
        "received_time_ns": NOW_NS - 500_000_000,
        "proven_time_ns": NOW_NS - 500_000_000,
        "age_ns": 520_000_000,
        "held_ns": 500_000_000,
        "unproven_ns": 500_000_000,
        "usable_for_ns": 90 * SECOND_NS,
        "node": "BeastOther",
        "written_us": NOW_NS // 1_000,
        "expires_us": NOW_NS // 1_000 + 89_480_000,
    }
    return SharedPrice(**(plain | changes))


def packed(**changes: Any) -> bytes:
    """The same as it lies in the cache; a field of any kind may be put in, or left out by `...`."""
    plain = dataclasses.asdict(shared()) | changes
    return msgspec.json.encode({name: value for name, value in plain.items() if value is not ...})


class Neighbour:
    """A node's prices, and what it shares with the others over one cache."""

    def __init__(
        self, cache: Valkey, clock: ManualClock, *assets: MappedAsset, prefix: str = "", node: str = "BeastMain", can_prove: bool = False
    ) -> None:
        self.clock, self.book, self.readings, self.cache = clock, Ledger(), Readings(), cache
        rows = assets or (BTC,)
        self.prices = Prices(
            self.book, rows, clock=clock, readings=self.readings, source_prefix=prefix, can_prove=lambda _venue: can_prove
        )  # fmt: skip
        self.tier = CacheTier(self.prices, Shelf(cache, source_prefix=prefix), node=node, clock=clock, readings=self.readings)

    def trade(self, price: str, *, symbol: str = "BTC-USD", earlier: float = 0.0) -> Trade:
        now = Moment(self.clock.time_ns(), self.clock.monotonic_ns())
        return trade(symbol, price, time_ns=now.wall_ns - round(earlier * SECOND_NS), received=now)

    def hear(self, price: str, **more: Any) -> None:
        self.prices.on_trades([self.trade(price, **more)])

    def look(self, price: str, *, earlier: float = 0.0) -> None:
        """Have a look at BTC tell its last trade."""
        tick = self.prices.tick(BTC.venue, BTC.symbol)
        told = self.trade(price, earlier=earlier)
        self.prices.on_look(tick, Look(BTC.venue, BTC.symbol, told, asked_ns=self.clock.monotonic_ns()))

    @property
    def told(self) -> tuple[str, str, str, str]:
        """What a caller is told of BTC: price, state, source, tier."""
        price = self.prices.read("BTC")
        return price.price, price.state, price.source, price.cache_tier
