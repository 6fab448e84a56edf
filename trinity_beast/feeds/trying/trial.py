"""Carrying a try out: a feed of its own beside the running ones, for some seconds, whose trades go nowhere else."""

import asyncio
import random
import ssl
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from trinity_beast.clock import Clock, pause
from trinity_beast.feeds.feed import Feed
from trinity_beast.feeds.grammar import FeedRow, parse_row, rendered
from trinity_beast.feeds.kept_frames import KeptFrame, KeptFrames
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.moment import SECOND_NS
from trinity_beast.feeds.parameters import Knobs
from trinity_beast.feeds.trying.known import Heard, known_of
from trinity_beast.feeds.trying.model import Flaw, FlawKind, Known, TryReport
from trinity_beast.feeds.trying.parameters import TRY_LAG_SECONDS_MAX, TRY_PERCENT_MAX, TRY_PERCENT_MAX_ELSEWHERE, TRY_SECONDS
from trinity_beast.feeds.trying.replay import asks_alike, read_otherwise, reads_nothing, unreadable
from trinity_beast.feeds.trying.verdict import Bounds, Observed, flaws_of, notes_of, symbols_tried
from trinity_beast.parameters import Readings
from trinity_beast.words import Symbol, Trade, Venue

SYMBOLS_MAX = 10
"""How many symbols are tried at most: enough to see a mistake, few enough to be no burden to the venue."""
TRIES_AT_ONCE_MAX = 2
TRADES_KEPT_MAX = 1_000
HISTORY_SECONDS = 2
"""How long after the first of them old trades may come before they speak against the row's times."""

RawRow = Mapping[str, object]


class Market(Heard, Protocol):
    """The feeds that run. `Feeds` is one."""

    def kept_frames(self, venue: Venue) -> tuple[FeedRow, list[KeptFrame]] | None:
        """Return a sample of a running feed's last frames, with the row they were asked for by."""
        ...


class Trial:
    """Tries rows. `readdressed` moves a row to where this node's market is, as it does with every row it runs by."""

    def __init__(
        self, market: Market, readdressed: Callable[[RawRow], RawRow], *, clock: Clock, dice: random.Random, readings: Readings
    ) -> None:
        self._market, self._readdressed, self._clock, self._dice = market, readdressed, clock, dice
        self._knobs = Knobs(readings)
        self._seconds, self._lag = readings.of(TRY_SECONDS), readings.of(TRY_LAG_SECONDS_MAX)
        self._percent, self._percent_elsewhere = readings.of(TRY_PERCENT_MAX), readings.of(TRY_PERCENT_MAX_ELSEWHERE)
        self._turns = asyncio.Semaphore(TRIES_AT_ONCE_MAX)
        self._context: ssl.SSLContext | None = None

    async def run(
        self, row: FeedRow, asset_map: Sequence[MappedAsset], *, frames: Sequence[KeptFrame] = (), seconds: float | None = None
    ) -> TryReport:
        """Read the frames handed in and those the running feed kept, then connect for `seconds` at most, and judge.

        What cannot be read in frames ends the try before anybody is spoken to. It ends early too once every symbol has traded.
        """
        running = self._market.kept_frames(row.venue)
        old, kept = running if running is not None else (None, [])
        flaws = [*unreadable(row, frames), *reads_nothing(row, frames)]
        flaws += read_otherwise(row, old, kept) if old is not None else []
        frames_read = len(frames) + (len(kept) if old is not None and asks_alike(row, old) else 0)
        symbols = self._chosen(row.venue, asset_map)
        moved = parse_row(self._readdressed(rendered(row)))
        if not flaws and not symbols:
            told = "no symbol is mapped to it, enabled and prewarmed, that it could be tried with"
            flaws = [Flaw(FlawKind.NO_SYMBOLS, "enabled", told, fix="Save it switched off, map its symbols, then switch it on.")]
        if not flaws and row.enabled and not moved.enabled:
            told = "this node plays its market and asks no real exchange"
            fix = "Try it on a node that runs with --feeds live, or at an address on this machine."
            flaws = [Flaw(FlawKind.NOT_PLAYED, "endpoint", told, {"endpoint": row.endpoint}, fix)]
        if flaws:
            return TryReport(row.venue, moved.endpoint, 0.0, frames_read, "not connected", (), {}, tuple(flaws))
        async with self._turns:
            return await self._connect(moved, symbols, asset_map, frames_read, seconds or self._seconds.value)

    async def _connect(
        self, row: FeedRow, symbols: list[Symbol], asset_map: Sequence[MappedAsset], frames_read: int, seconds: float
    ) -> TryReport:
        ear, kept = _Ear(symbols), KeptFrames(every_seconds=0)
        feed = Feed(
            row,
            symbols,
            on_trades=ear.on_trades,
            on_history=ear.on_history,
            on_open=lambda: None,
            clock=self._clock,
            dice=self._dice,
            knobs=self._knobs,
            tls=self._tls,
            kept=kept,
        )
        before, since_ns = self._known(row.venue, symbols, asset_map), self._clock.monotonic_ns()
        feed.start()
        try:
            await pause(self._clock, seconds, until=ear.all_traded)
            status = feed.status()
        finally:
            await feed.stop()
        took = (self._clock.monotonic_ns() - since_ns) / SECOND_NS
        after = self._known(row.venue, symbols, asset_map)
        seen = Observed(row, status, kept.read(), ear.live, ear.history, ear.history_later, before, after)
        tried = symbols_tried(seen)
        bounds = Bounds(self._percent.value, self._percent_elsewhere.value, self._lag.value)
        flaws = tuple(flaws_of(seen, tried, bounds))
        return TryReport(
            row.venue, row.endpoint, took, frames_read, status.state.value, tried, status.counts, flaws, notes_of(seen, tried)
        )  # fmt: skip

    def _chosen(self, venue: Venue, asset_map: Sequence[MappedAsset]) -> list[Symbol]:
        """Return the symbols to try with: those that traded last come first, for they are the likeliest to trade again."""
        held = list(dict.fromkeys(row.symbol for row in asset_map if row.venue == venue and row.enabled and row.prewarm))
        known = {symbol: last.exchange_time_ns for symbol in held if (last := self._market.last_known(venue, symbol)) is not None}
        return sorted(held, key=lambda symbol: -known.get(symbol, 0))[:SYMBOLS_MAX]

    def _known(self, venue: Venue, symbols: Sequence[Symbol], asset_map: Sequence[MappedAsset]) -> dict[Symbol, Known]:
        return {symbol: known for symbol in symbols if (known := known_of(self._market, venue, symbol, asset_map)) is not None}

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context


class _Ear:
    """What a tried feed heard."""

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        self._missing = set(symbols)
        self.live: dict[Symbol, list[Trade]] = {}
        self.history: dict[Symbol, Trade] = {}
        self.history_later: dict[Symbol, int] = {}
        self._first_ns: dict[Symbol, int] = {}
        self.all_traded = asyncio.Event()

    def on_trades(self, trades: Sequence[Trade]) -> None:
        for trade in trades:
            heard = self.live.setdefault(trade.symbol, [])
            heard.append(trade)
            del heard[:-TRADES_KEPT_MAX]
            self._missing.discard(trade.symbol)
        if not self._missing:
            self.all_traded.set()

    def on_history(self, trades: Sequence[Trade]) -> None:
        for trade in trades:
            first_ns = self._first_ns.setdefault(trade.symbol, trade.received_monotonic_ns)
            if trade.received_monotonic_ns - first_ns > HISTORY_SECONDS * SECOND_NS:
                self.history_later[trade.symbol] = self.history_later.get(trade.symbol, 0) + 1
            held = self.history.get(trade.symbol)
            if held is None or trade.exchange_time_ns >= held.exchange_time_ns:
                self.history[trade.symbol] = trade
