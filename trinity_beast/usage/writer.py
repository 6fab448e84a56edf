"""The writer: batches in, rows and counts out, each record once however often its batch comes."""

import asyncio
from datetime import UTC, date, datetime, timedelta

from trinity_beast import engine
from trinity_beast.storage import Database, RowsRefused
from trinity_beast.usage import store
from trinity_beast.usage.model import BatchName, LaneDay, LaneNumbers, PackedBatch, Span, Stored, StoredDay, UsedDay

EPOCH = date(1970, 1, 1)
DAYS = (date(2020, 1, 1), date(2100, 1, 1))
"""A record of another day was written by a clock that was far off; it would make a partition that nothing ever drops."""


class Writer:
    """Stores batches in one transaction each: rows, counts of keys, which sequences these are, and what is to be summed up.

    A batch given twice, whole or in part, by one writer or by several at once, is stored once: a lane's stored sequences
    are looked at and noted under its lock, in the transaction that copies the rows.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lanes: dict[tuple[str, str, int], LaneNumbers] = {}
        self._sources: dict[tuple[str, str], int] = {}
        self._days: set[date] = set()
        self._knows_words = False

    async def store(self, batch: engine.UsageBatch) -> Stored:
        """Store what of a batch is not stored yet. It is committed when this returns.

        Raises:
            RowsRefused: the database does not take these rows, today or tomorrow.
            DependencyAway: it is not there; whether the batch was stored is then not known, so give it again.
        """
        try:
            return await self._try_to_store(batch)
        except _OtherDatabase:
            self.forget()
            return await self._try_to_store(batch)
        except RowsRefused as error:
            if not error.facts["is_table_missing"]:
                raise
            # Retention dropped a day that we knew, or the database is another one: ask for everything anew, once.
            self.forget()
            raise

    async def set_aside(self, batch: engine.UsageBatch, *, reason: str, tries: int) -> None:
        """Keep a batch that is refused, whole, for a person to look at.

        Raises:
            DependencyAway: it is not kept; give it again.
        """
        packed = await asyncio.to_thread(batch.packed)
        async with self._database.transaction() as tx:
            await store.set_aside(tx, batch_of(batch, packed), reason=reason, tries=tries)

    def forget(self) -> None:
        """Forget every number and day of this database, as after it was restored from a copy."""
        self._lanes.clear()
        self._sources.clear()
        self._days.clear()
        self._knows_words = False

    async def _try_to_store(self, batch: engine.UsageBatch) -> Stored:
        lane = await self._lane(batch)
        sources = await self._source_numbers(batch)
        rows = await asyncio.to_thread(batch.rows, lane=lane.lane_id, node=lane.node_id, sources=sources)
        await self._ensure_partitions([_day(number) for number, _, _ in rows.days])
        return await self._store(batch, rows, lane, sources)

    async def _store(self, batch: engine.UsageBatch, rows: engine.UsageRows, lane: LaneNumbers, sources: list[int]) -> Stored:
        span = Span(batch.first_sequence, batch.last_sequence)
        async with self._database.transaction() as tx:
            if not await store.lock_lane(tx, lane, batch.boot, batch.thread):
                raise _OtherDatabase
            stored = await store.stored_within(tx, lane.lane_id, span)
            if stored:
                rows = await asyncio.to_thread(batch.rows, lane=lane.lane_id, node=lane.node_id, sources=sources, stored=stored)
            for number, _, stream in rows.days:
                await store.copy_rows(tx, _day(number), stream)
            await store.add_use(tx, [_used(counted) for counted in rows.counts])
            await store.add_to_lane(tx, lane.lane_id, _lane_days(rows))
            await store.note_changes(tx, lane, span, stored, _stored_days(rows))
            await store.note_stored(tx, lane.lane_id, span)
        return Stored(rows.records, batch.records - rows.records)

    async def _lane(self, batch: engine.UsageBatch) -> LaneNumbers:
        known = batch.node, batch.boot, batch.thread
        if known not in self._lanes:
            async with self._database.transaction() as tx:
                self._lanes[known] = await store.lane_numbers(tx, *known)
        return self._lanes[known]

    async def _source_numbers(self, batch: engine.UsageBatch) -> list[int]:
        new = [source for source in batch.sources if source not in self._sources]
        if new or not self._knows_words:
            async with self._database.transaction() as tx:
                numbers = {source: await store.source_number(tx, *source) for source in new}
                await store.keep_words(tx, engine.usage_words())
            self._sources |= numbers
            self._knows_words = True
        return [self._sources[source] for source in batch.sources]

    async def _ensure_partitions(self, days: list[date]) -> None:
        for day in days:
            if not DAYS[0] <= day < DAYS[1]:
                raise RowsRefused(table="usage_logs", reason=f"no clock of ours can have said {day}", is_table_missing=False)
        for day in set(days) - self._days:
            async with self._database.transaction() as tx:
                await store.ensure_partition(tx, day)
            self._days.add(day)


class _OtherDatabase(Exception):
    """Undoes what was begun by numbers that mean something else, as after a copy of the database took its place."""


def name_of(batch: engine.UsageBatch) -> BatchName:
    """Return which records a batch holds."""
    return BatchName(batch.node, batch.boot, batch.thread, Span(batch.first_sequence, batch.last_sequence))


def batch_of(batch: engine.UsageBatch, packed: bytes) -> PackedBatch:
    """Return a batch as it is kept where it cannot be stored."""
    span = Span(batch.first_sequence, batch.last_sequence)
    return PackedBatch(batch.node, batch.boot, batch.thread, span, batch.records, packed)


def _day(number: int) -> date:
    return EPOCH + timedelta(days=number)


def _stored_days(rows: engine.UsageRows) -> list[StoredDay]:
    return [
        StoredDay(_day(number), records, _moment(first_us), _moment(last_us))
        for (number, records, _), (_, first_us, last_us) in zip(rows.days, rows.times, strict=True)
    ]


def _lane_days(rows: engine.UsageRows) -> list[LaneDay]:
    return [LaneDay(_day(number), records, sum_) for (number, records, _), (_, sum_) in zip(rows.days, rows.sums, strict=True)]


def _moment(unix_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=unix_us)


def _used(counted: tuple[int, int, int, int, int, int, int]) -> UsedDay:
    key_id, day, requests, charged, refused, answer_bytes, last_us = counted
    return UsedDay(key_id, _day(day), requests, charged, refused, answer_bytes, _moment(last_us))
