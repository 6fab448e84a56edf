"""All feeds of a node: started, stopped and changed while they run, each without touching the others."""

import asyncio
import random
import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from trinity_beast.clock import Clock
from trinity_beast.feeds.feed import Feed, OnTrades
from trinity_beast.feeds.grammar import FeedRow
from trinity_beast.feeds.guard import LastTrade
from trinity_beast.feeds.intake import Intake
from trinity_beast.feeds.kept_frames import KeptFrame
from trinity_beast.feeds.model import FeedStatus, MappedAsset
from trinity_beast.feeds.parameters import Knobs
from trinity_beast.feeds.session import NOTHING, Said
from trinity_beast.feeds.status import off
from trinity_beast.parameters import Readings
from trinity_beast.words import Symbol, Trade, Venue


def _unheeded(_trades: Sequence[Trade]) -> None:
    """Let history pass."""


def _unheard(_venue: Venue, _symbol: Symbol | None) -> None:
    """Let a word pass."""


class Feeds:
    """One `Feed` per enabled row. A `Part`: `start` returns once every feed is on its way, not once it has arrived."""

    name = "feeds"

    def __init__(
        self,
        rows: Iterable[FeedRow],
        asset_map: Iterable[MappedAsset],
        on_trades: OnTrades,
        *,
        on_history: OnTrades = _unheeded,
        clock: Clock,
        dice: random.Random,
        readings: Readings | None = None,
        intake: Intake | None = None,
    ) -> None:
        """Take what is to run. `on_trades` is given live trades, `on_history` those a venue sent as old or that were old.

        Both are called on the event loop, in the order of time per symbol, and must not block. What `intake` takes, they
        are not given.
        """
        self._rows = {row.venue: row for row in rows}
        self._map = list(asset_map)
        self._on_trades, self._on_history = on_trades, on_history
        self._clock, self._dice, self._knobs = clock, dice, Knobs(readings or Readings())
        self._intake = intake
        self._feeds: dict[Venue, Feed] = {}
        self._context: ssl.SSLContext | None = None
        self._started = False
        self._reached = asyncio.Event()
        self._on_word: Callable[[Venue, Symbol | None], None] = _unheard

    def report_words(self, on_word: Callable[[Venue, Symbol | None], None]) -> None:
        """Tell `on_word` from now on of whom a venue says something new beside trades (see `said_of`); None: of all its symbols."""
        self._on_word = on_word

    async def start(self) -> None:
        """Begin to connect every enabled feed that has symbols."""
        self._started = True
        await self._arrange()

    async def stop(self) -> None:
        """Leave and close every connection, within `feed_stop_seconds`."""
        self._started = False
        await asyncio.gather(*(feed.stop() for feed in self._feeds.values()))
        self._feeds.clear()

    async def apply(self, rows: Iterable[FeedRow], asset_map: Iterable[MappedAsset]) -> None:
        """Run exactly these from now on.

        A feed whose row and symbols are the same is not touched; symbols are added and left over the standing
        connection; a changed row is put to use beside the old one first.
        """
        self._rows = {row.venue: row for row in rows}
        self._map = list(asset_map)
        if self._started:
            await self._arrange()

    def asked_ns(self, venue: Venue, symbol: Symbol) -> int | None:
        """Return since when (wall) a venue's connection owes us a symbol's trades; None while none does."""
        feed = self._feeds.get(venue)
        return feed.asked_ns(symbol) if feed is not None else None

    def said_of(self, venue: Venue, symbol: Symbol) -> Said:
        """Return what a venue's connection in service says of a symbol beside trades: halted or not, its last trade."""
        feed = self._feeds.get(venue)
        return feed.said_of(symbol) if feed is not None else NOTHING

    def renew(self, venue: Venue, symbol: Symbol) -> bool:
        """Ask a venue anew for one symbol whose trades do not come; whether a connection holds it, so that this could be done."""
        feed = self._feeds.get(venue)
        return feed is not None and feed.renew(symbol)

    async def wait_reached(self, seconds: float) -> bool:
        """Return whether any venue could be connected to within `seconds` (of real time)."""
        try:
            async with asyncio.timeout(seconds):
                await self._reached.wait()
        except TimeoutError:
            return False
        return True

    def status(self) -> list[FeedStatus]:
        """Return how each feed stands, those that are off included, by venue."""
        accounts = [self._feeds[row.venue].status() if row.venue in self._feeds else off(row) for row in self._rows.values()]
        return sorted(accounts, key=lambda account: account.venue)

    def last_known(self, venue: Venue, symbol: Symbol) -> LastTrade | None:
        """Return what a running feed's symbol traded at last, live."""
        return self._feeds[venue].last_known(symbol) if venue in self._feeds else None

    def kept_frames(self, venue: Venue) -> tuple[FeedRow, list[KeptFrame]] | None:
        """Return a sample of the last frames of a running feed, with the row they were asked for by."""
        feed = self._feeds.get(venue)
        return (feed.row, feed.kept.read()) if feed is not None else None

    async def _arrange(self) -> None:
        wanted = {venue: symbols for venue, row in self._rows.items() if row.enabled and (symbols := self._symbols(venue))}
        gone = [self._feeds.pop(venue) for venue in list(self._feeds) if venue not in wanted]
        for venue, symbols in wanted.items():
            self._bring_up(self._rows[venue], symbols)
        await asyncio.gather(*(feed.stop() for feed in gone))

    def _bring_up(self, row: FeedRow, symbols: list[Symbol]) -> None:
        feed = self._feeds.get(row.venue)
        if feed is None:
            feed = Feed(
                row,
                symbols,
                on_trades=self._on_trades,
                on_history=self._on_history,
                on_open=self._reached.set,
                clock=self._clock,
                dice=self._dice,
                knobs=self._knobs,
                tls=self._tls,
                intake=self._intake,
                on_word=partial(self._word, row.venue),
            )
            self._feeds[row.venue] = feed
            feed.start()
            return
        if feed.symbols != symbols:
            feed.want(symbols)
        if _speaks_differently(feed.row, row):
            feed.use(row)
        feed.row = row

    def _word(self, venue: Venue, symbol: Symbol | None) -> None:
        self._on_word(venue, symbol)

    def _symbols(self, venue: Venue) -> list[Symbol]:
        held = (mapped.symbol for mapped in self._map if mapped.venue == venue and mapped.enabled and mapped.prewarm)
        return list(dict.fromkeys(held))

    def _tls(self) -> ssl.SSLContext:
        """Return the machine's own trust, read once: certificates and host names are always checked."""
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context


def _speaks_differently(old: FeedRow, new: FeedRow) -> bool:
    """Return whether a connection made by the old row is no longer right; names and REST rules do not concern it."""
    return replace(old, display_name=new.display_name, rest_rules=new.rest_rules) != new
