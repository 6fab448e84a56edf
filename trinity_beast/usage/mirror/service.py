"""Bringing the mirror of usage rows into step: what is stored and not mirrored yet, and nothing else."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import cast

from trinity_beast.clock import Clock
from trinity_beast.parameters import Readings
from trinity_beast.storage import Command, Database, Valkey
from trinity_beast.usage import parameters
from trinity_beast.usage.mirror import store
from trinity_beast.usage.mirror.marks import LaneMark, Missing, Range, Seen, mark_of
from trinity_beast.usage.mirror.packing import INDEX, INDEXES, Row, packed, row_of
from trinity_beast.usage.model import LaneNumbers

SYNCED = "usage_logs:synced"
"""How far each lane is mirrored; it lies beside what it tells of, so whoever empties the cache empties both."""
BATCH_ROWS = 1_000
MARK_EVERY = 20
"""After so many batches it is noted how far we are: a kill costs no more than these again."""
ON_THEIR_WAY_MAX = 2
POUR_SECONDS = 30.0
DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What a synchronisation came to: rows put there, and entries of the indexes that were out of date."""

    rows: int
    pruned: int


class UsageMirror:
    """Usage rows in Valkey: a hash for each, found by time, by key and by asset. Everything there can be made anew.

    The same row may be put there any number of times. What is noted as mirrored is: the note follows the rows.
    """

    name = "usage"

    def __init__(
        self,
        database: Database,
        valkey: Valkey,
        clock: Clock,
        readings: Readings,
        *,
        batch_rows: int = BATCH_ROWS,
        mark_every: int = MARK_EVERY,
    ) -> None:
        """Mirror `database`, whose transactions must be allowed to last as long as a synchronisation."""
        self._database, self._valkey, self._clock = database, valkey, clock
        self._batch_rows, self._mark_every = batch_rows, mark_every
        self._kept_days = readings.of(parameters.KEPT_DAYS)

    async def sync(self, *, is_full: bool = False, on_rows: Callable[[int, int], None] = lambda _done, _of: None) -> Mirrored:
        """Bring the mirror into step. `is_full` puts every row there anew. `on_rows` is told how many of about how many are done.

        Raises:
            DependencyAway: the database or the cache is away. What was done is noted, and the next call goes on from there.
        """
        if is_full:
            await self._valkey.delete(SYNCED)
        marks = await self._marks()
        rows = 0
        async with self._database.transaction() as tx:
            await store.see_one_moment(tx)
            stored = await store.lanes(tx)
            missing = {lane: found for lane, spans in stored.items() if (found := marks.get(lane.lane_id, LaneMark()).missing(spans))}
            if missing:
                rows = await self._mirror(tx, marks, missing, on_rows)
                await self._note_all(marks, missing)
        return Mirrored(rows, await self._prune())

    async def _mirror(
        self,
        tx: store.Moment,
        marks: dict[int, LaneMark],
        missing: Mapping[LaneNumbers, Sequence[Missing]],
        on_rows: Callable[[int, int], None],
    ) -> int:
        """Put what is missing there, the newest day first: most often all of it is of that, and then no other is looked at."""
        wanted = sum(each.span.last - each.span.first + 1 for of_lane in missing.values() for each in of_lane)
        since_us = max(min(each.since_us for of_lane in missing.values() for each in of_lane), self._oldest_us)
        pouring = _Pouring(self, marks, batch_rows=self._batch_rows, mark_every=self._mark_every)
        try:
            for day in reversed(await store.days(tx)):
                if pouring.rows >= wanted or _end_us(day) <= since_us:
                    break
                async for chunk in store.rows(tx, day, missing, since_us):
                    await pouring.take(chunk)
                    on_rows(pouring.rows, max(wanted, pouring.rows))
                await pouring.end()
                on_rows(pouring.rows, max(wanted, pouring.rows))
        finally:
            await pouring.abandon()
        return pouring.rows

    async def _marks(self) -> dict[int, LaneMark]:
        held = await self._valkey.do("HGETALL", SYNCED)
        assert isinstance(held, list), "HGETALL answers with a list"
        words = cast("list[bytes]", held)
        return {int(lane): mark_of(text) for lane, text in zip(words[::2], words[1::2], strict=True) if lane.isdigit()}

    async def note(self, marks: Mapping[int, LaneMark], lanes: Sequence[int]) -> None:
        """Note how far these lanes are mirrored."""
        commands: list[Command] = [("HSET", SYNCED, lane, marks[lane].told()) for lane in lanes]
        await self._valkey.pipeline([*commands, ("PEXPIRE", SYNCED, self._kept_us // 1_000)])

    async def _note_all(self, marks: dict[int, LaneMark], missing: Mapping[LaneNumbers, Sequence[Missing]]) -> None:
        """Note everything that was missing as done: also the sequences no row is left of, dropped or damaged."""
        for lane, of_lane in missing.items():
            more = [Range(each.span.first, each.span.last, each.since_us) for each in of_lane]
            marks[lane.lane_id] = marks.get(lane.lane_id, LaneMark()).with_ranges(more)
        await self.note(marks, [lane.lane_id for lane in missing])

    async def pour(self, rows: Sequence[Row]) -> None:
        """Put rows there."""
        commands, answers = packed(rows, kept_us=self._kept_us)
        await self._valkey.pour(commands, answers, within_seconds=POUR_SECONDS)

    async def _prune(self) -> int:
        """Take out of the indexes what is older than rows are kept; the rows themselves go by their own time."""
        names = await self._valkey.do("SMEMBERS", INDEXES)
        assert isinstance(names, list), "SMEMBERS answers with a list"
        every = [INDEX.encode(), *cast("list[bytes]", names)]
        pruned = 0
        for first in range(0, len(every), BATCH_ROWS):
            some = every[first : first + BATCH_ROWS]
            told = await self._valkey.pipeline([("ZREMRANGEBYSCORE", name, "-inf", f"({self._oldest_us}") for name in some])
            pruned += sum(cast("list[int]", told))
            kept_ms = self._kept_us // 1_000
            await self._valkey.pipeline(
                [*[("PEXPIRE", name, kept_ms) for name in some], ("PEXPIRE", INDEXES, kept_ms), ("PEXPIRE", SYNCED, kept_ms)]
            )
        return pruned

    @property
    def _kept_us(self) -> int:
        return self._kept_days.value * DAY_US

    @property
    def _oldest_us(self) -> int:
        return self._clock.time_ns() // 1_000 - self._kept_us


class _Pouring:
    """Cuts what the database tells into batches, and has some of them on their way while the next are made ready."""

    def __init__(self, mirror: UsageMirror, marks: dict[int, LaneMark], *, batch_rows: int, mark_every: int) -> None:
        self._mirror, self._marks = mirror, marks
        self._batch_rows, self._mark_every = batch_rows, mark_every
        self._rows: list[Row] = []
        self._seen = Seen()
        self._on_their_way: list[asyncio.Task[None]] = []
        self._batches = 0
        self.rows = 0

    async def take(self, chunk: bytes) -> None:
        for line in chunk.splitlines():
            row = row_of(line)
            self._rows.append(row)
            self._seen.add(row.lane, row.sequence, row.time_us)
            if len(self._rows) == self._batch_rows:
                await self._send()

    async def end(self) -> None:
        if self._rows:
            await self._send()
        await self._settle()

    async def abandon(self) -> None:
        """Let what is on its way arrive or fail; neither is noted."""
        await asyncio.gather(*self._on_their_way, return_exceptions=True)
        self._on_their_way = []

    async def _send(self) -> None:
        while len(self._on_their_way) >= ON_THEIR_WAY_MAX:
            await self._on_their_way.pop(0)
        self._on_their_way.append(asyncio.create_task(self._mirror.pour(self._rows)))
        self.rows += len(self._rows)
        self._rows = []
        self._batches += 1
        await asyncio.sleep(0)  # It goes out before the next is made ready.
        if self._batches % self._mark_every == 0:
            await self._settle()

    async def _settle(self) -> None:
        """Wait until all that was sent is there, and note it."""
        while self._on_their_way:
            await self._on_their_way.pop(0)
        seen = self._seen.taken()
        for lane, ranges in seen.items():
            self._marks[lane] = self._marks.get(lane, LaneMark()).with_ranges(ranges)
        if seen:
            await self._mirror.note(self._marks, list(seen))


def _end_us(day: date) -> int:
    return round((datetime.combine(day, time.min, UTC) + timedelta(days=1)).timestamp()) * 1_000_000
