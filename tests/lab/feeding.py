"""The product's own feeds at a stand-in, through the venue's row as the migration seeds it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import groupby

from tests.lab.visitor import Played, played, until_done
from tests.support.clock import ManualClock
from tests.support.feeds import DOCUMENTED
from trinity_beast.feeds import Feeds, FeedState, FeedStatus, MappedAsset, parse_row
from trinity_beast.lab import MarketTrade, row_for_lab
from trinity_beast.lab.venues.listed import WARM
from trinity_beast.randomness import dice_from
from trinity_beast.words import Asset, Symbol, Trade, Venue

SETTLED_WITHIN_SECONDS = 20.0

Said = list[tuple[int, str]]
"""Times and prices, oldest first."""


class Fed:
    """One venue, the feeds that read it, and what they said."""

    def __init__(self, stage: Played) -> None:
        self.stage, self.lab, self.clock, self.venue = stage, stage.lab, stage.clock, stage.venue
        self.trades: list[Trade] = []
        self.history: list[Trade] = []
        self.listings = [listing for listing in stage.lab.market.listings[stage.venue] if not listing.is_delisted]
        self.symbols = [listing.symbol for listing in self.listings]
        row = parse_row({**row_for_lab(DOCUMENTED[stage.venue], stage.addresses), "enabled": True})
        held = [MappedAsset(listing.asset, stage.venue, listing.symbol, listing.quote) for listing in self.listings]
        self.feeds = Feeds([row], held, self.trades.extend, on_history=self.history.extend, clock=stage.clock, dice=dice_from("feeds"))

    @property
    def status(self) -> FeedStatus:
        return self.feeds.status()[0]

    async def settle(self) -> None:
        """Let time pass until every symbol is held and the feed is live."""
        until_ns = self.clock.monotonic_ns() + round(SETTLED_WITHIN_SECONDS * 10**9)
        while self.status.state is not FeedState.LIVE or any(symbol.standing != "held" for symbol in self.status.symbols):
            assert self.clock.monotonic_ns() < until_ns, self.status
            await self.clock.let_pass(0.05)

    def said(self, symbol: Symbol, *, until_ns: int | None = None) -> Said:
        return [
            (trade.exchange_time_ns, trade.price)
            for trade in self.trades
            if trade.symbol == symbol and (until_ns is None or trade.exchange_time_ns <= until_ns)
        ]

    def true(self, symbol: Symbol, *, since_ns: int = 0, until_ns: int | None = None) -> Said:
        """Return what was traded; several trades of one moment at one price in a row say one thing."""
        return once(self.stage.tape(symbol).between(since_ns - 1, until_ns or self.clock.time_ns()))


def once(trades: Sequence[MarketTrade]) -> Said:
    return [said for said, _ in groupby((trade.time_ns, trade.price) for trade in trades)]


@asynccontextmanager
async def fed(venue: str, *, assets: Sequence[Asset] | None = None) -> AsyncIterator[Fed]:
    """Give a venue with its warm assets, or some others, and the feeds that hold all of them."""
    async with played(venue, assets=assets or WARM[Venue(venue)], clock=ManualClock()) as stage:
        fed = Fed(stage)
        await fed.feeds.start()
        try:
            await fed.settle()
            yield fed
        finally:
            await until_done(stage.clock, asyncio.ensure_future(fed.feeds.stop()))
