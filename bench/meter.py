"""Metering: how fast records go from the spool to rows that can be asked for, against PostgreSQL's own COPY of the same rows."""

import asyncio
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from bench.effort import Effort
from bench.errors import RunBroken
from bench.figures import Figure, Target, ratios
from bench.machine import Cores
from bench.servers import CLOCK
from trinity_beast.engine import Clock, Engine, Limits, UsageBatch
from trinity_beast.randomness import dice_from
from trinity_beast.storage import Database, DataFolder, EmbeddedPostgres, Surroundings, copy_into, upgrade
from trinity_beast.usage import InPlace, Shipper, Waiting, Writer

RECORDS = 400_000
KEYS, ASSETS = 1_000, 150
BATCH_RECORDS = 25_000
SECOND_NS = 1_000_000_000
RATIO_TARGET = Target(0.8, at_most=False)
BYTES_TARGET = Target(64.0)


OURS, THEIRS = "spool to row", "plain COPY"


class _Side(NamedTuple):
    records_per_second: float
    client_share: float


def bench(_cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: a record is missing, or there twice.
    """
    with tempfile.TemporaryDirectory(prefix="beast-bench-", dir=_place()) as place, DataFolder(Path(place) / "data", CLOCK) as folder:
        spool = Path(place) / "spool"
        segments = _recorded(spool)
        packed_bytes = sum(
            len(batch.packed()) for path in segments for batch in UsageBatch.of_segment(str(path), records_max=BATCH_RECORDS)
        )
        postgres = EmbeddedPostgres(folder, Surroundings(clock=CLOCK))
        try:
            url = postgres.start()
            upgrade(url)
            sides = asyncio.run(_rounds(url, segments, effort.rounds))
        finally:
            postgres.stop()
    ours, theirs = ([side.records_per_second for side in sides[name]] for name in (OURS, THEIRS))
    yield Figure("spool to row, four indexes: against plain COPY of the same rows", ratios(ours, theirs), "of plain COPY", RATIO_TARGET)
    yield Figure("spool to row", tuple(ours), "records/s")
    yield Figure("plain COPY, its stream made beforehand", tuple(theirs), "records/s")
    yield Figure("our processor share while storing", tuple(side.client_share for side in sides[OURS]), "of one")
    yield Figure("a record that waits, sealed", (64.0,), "bytes", BYTES_TARGET)
    yield Figure("a record that waits, compressed", (packed_bytes / RECORDS,), "bytes", BYTES_TARGET)


def _place() -> str | None:
    """Return where PostgreSQL's own user may enter, too, when we are root; None for the system's choice."""
    return "/var/tmp" if os.geteuid() == 0 else None  # noqa: S108 - A folder of our own is made in it.


def _recorded(spool: Path) -> list[Path]:
    """Have the engine record `RECORDS` answers and return its sealed segments."""
    dice = dice_from("meter")
    engine = Engine(
        node="bench", region="local", version="1", digest_secret=b"bench", spool_directory=str(spool), threads=1, clock=Clock.system(),
        limits=Limits(segment_seconds=3_600.0),
    )  # fmt: skip
    for _ in range(RECORDS):
        engine.spool.record(
            key_id=dice.randrange(KEYS), asset=f"A{dice.randrange(ASSETS)}", asset_count=1, source="coinbase-ws", venue="coinbase",
            cache_tier="memory", state="live", code="OK", status=200, protocol="http", latency_ns=dice.randrange(3_000, 40_000),
            answer_bytes=760 + dice.randrange(9), charged=True,
        )  # fmt: skip
    engine.stop(1.0)
    segments = Waiting(spool).paths()
    recorded = sum(batch.records for path in segments for batch in UsageBatch.of_segment(str(path), records_max=1 << 20))
    if recorded != RECORDS:
        raise RunBroken(f"{RECORDS} answers were recorded, {recorded} are in the spool")
    return segments


async def _rounds(url: str, segments: list[Path], rounds: int) -> dict[str, list[_Side]]:
    database = Database(url, connections_max=4, statement_seconds=120.0, transaction_seconds=120.0)
    found: dict[str, list[_Side]] = {OURS: [], THEIRS: []}
    try:
        await Writer(database).store(UsageBatch.of_segment(str(segments[0]), records_max=1)[0])  # Partitions and numbers are there.
        for number in range(rounds):
            for name in (OURS, THEIRS) if number % 2 == 0 else (THEIRS, OURS):
                await _emptied(database)
                found[name].append(await (_through_us if name == OURS else _by_copy)(database, segments))
                await _checked(database, name)
    finally:
        await database.close()
    return found


async def _emptied(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.text("TRUNCATE usage_logs, usage_key_days, usage_lanes"))
        await tx.execute(sa.text("CHECKPOINT"))


async def _through_us(database: Database, segments: list[Path]) -> _Side:
    with tempfile.TemporaryDirectory(dir=segments[0].parent) as folder:
        for path in segments:
            os.link(path, Path(folder) / path.name)
        in_place = InPlace(Writer(database), clock=CLOCK)
        shipper = Shipper(Waiting(Path(folder)), in_place, clock=CLOCK, dice=dice_from("meter"))
        began_ns, busy_seconds = CLOCK.monotonic_ns(), os.times()
        if not await shipper.ship():
            raise RunBroken("the shipper left something behind")
        return _side(began_ns, busy_seconds)


async def _by_copy(database: Database, segments: list[Path]) -> _Side:
    batches = [batch for path in segments for batch in UsageBatch.of_segment(str(path), records_max=BATCH_RECORDS)]
    numbered = [batch.rows(lane=1, node=1, sources=[1] * len(batch.sources)).days for batch in batches]
    partitions = {day: await _partition(database, day) for days in numbered for day, _, _ in days}
    began_ns, busy_seconds = CLOCK.monotonic_ns(), os.times()
    for days in numbered:
        async with database.transaction() as tx:
            for day, _, stream in days:
                await copy_into(tx, partitions[day], stream)
    return _side(began_ns, busy_seconds)


async def _partition(database: Database, day: int) -> str:
    async with database.transaction() as tx:
        name = (
            await tx.execute(sa.text("SELECT 'usage_logs_' || to_char(date '1970-01-01' + :day, 'YYYYMMDD')"), {"day": day})
        ).scalar_one()
    return str(name)


def _side(began_ns: int, before: os.times_result) -> _Side:
    seconds, after = (CLOCK.monotonic_ns() - began_ns) / SECOND_NS, os.times()
    busy = after.user + after.system - before.user - before.system
    return _Side(RECORDS / seconds, busy / seconds)


async def _checked(database: Database, name: str) -> None:
    async with database.transaction() as tx:
        rows, places = (await tx.execute(sa.text("SELECT count(*), count(DISTINCT (lane_id, sequence)) FROM usage_logs"))).one()
    if rows != RECORDS or places != RECORDS:
        raise RunBroken(f"{name}: {RECORDS} records gave {rows} rows of {places} places")
