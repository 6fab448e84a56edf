"""A watch over the lab's Coinbase: real sockets, real REST, the program's own parts, on a clock that a test moves."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.support.book import Ledger
from tests.support.clock import ManualClock
from tests.support.feeds import DOCUMENTED
from trinity_beast.feeds import Feeds, FeedState, HttpOpener, Looks, MappedAsset, parse_row
from trinity_beast.lab import Lab, Market, row_for_lab
from trinity_beast.parameters import Readings
from trinity_beast.pricing import Prices, Watch
from trinity_beast.randomness import dice_from
from trinity_beast.words import Symbol, Venue

COINBASE = Venue("coinbase")


@dataclass
class Watched:
    """All that runs, and what the book was told."""

    lab: Lab
    feeds: Feeds
    looks: Looks
    prices: Prices
    watch: Watch
    book: Ledger
    clock: ManualClock

    def state(self, asset: str) -> str:
        """What a caller would be told of an asset now."""
        last = self.book.last(asset)
        age_ns = max(0, self.clock.time_ns() - last["exchange_time_ns"])
        return str(last["state"]) if age_ns < last["usable_for_ns"] else "stale"

    def counts(self) -> dict[str, int]:
        return dict(self.feeds.status()[0].counts)

    def looked(self, venue: Venue = COINBASE) -> int:
        return self.looks.counts()[venue]["looks"]

    async def until(self, seconds: float, *, every: float = 0.05) -> AsyncIterator[None]:
        """Let time pass, stopping now and then for the test to look."""
        for _ in range(round(seconds / every)):
            await self.clock.let_pass(every)
            yield


@asynccontextmanager
async def watched(
    market: Market,
    assets: Sequence[MappedAsset],
    clock: ManualClock,
    *,
    venue: Venue = COINBASE,
    ledger: Callable[[], Ledger] = Ledger,
    **turned: object,
) -> AsyncIterator[Watched]:
    """Run everything of one venue for the length of a block, once the feed is live."""
    lab = Lab(market, clock, dice_from("lab"))
    values = dict(DOCUMENTED[venue]) | {"enabled": True}
    rows, readings, book = [parse_row(row_for_lab(values, (await lab.start())[venue]))], Readings(), ledger()
    looks = Looks(rows, opener=HttpOpener(), clock=clock, readings=readings)
    prices = Prices(book, assets, clock=clock, readings=readings, can_prove=looks.can_look)
    feeds = Feeds(
        rows, assets, prices.on_trades, on_history=prices.on_history, clock=clock, dice=dice_from("feeds"), readings=readings
    )  # fmt: skip
    watch = Watch(
        prices, looks, assets, asked_ns=feeds.asked_ns, renew=feeds.renew, said_of=feeds.said_of, clock=clock, readings=readings
    )  # fmt: skip
    feeds.report_words(watch.stir)
    for name, value in turned.items():
        readings.turn(name, value)
    await feeds.start()
    await watch.start()
    async with asyncio.timeout(10):
        while feeds.status()[0].state is not FeedState.LIVE:
            await clock.let_pass(0.05)
    try:
        yield Watched(lab, feeds, looks, prices, watch, book, clock)
    finally:
        stopping = asyncio.gather(watch.stop(), feeds.stop(), looks.stop())
        async with asyncio.timeout(10):
            while not stopping.done():
                await clock.let_pass(0.05)
        await lab.stop()


def symbol_of(asset: str) -> Symbol:
    return Symbol(f"{asset}-USD")
