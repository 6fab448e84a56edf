"""Reports: how fast a key is told a month, and how fast and in how much memory a million rows are told, against PostgreSQL's COPY TO."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from statistics import quantiles

import psycopg
import sqlalchemy as sa

from bench.effort import Effort
from bench.errors import RunBroken
from bench.figures import Figure, Target, ratios
from bench.machine import Cores
from bench.processes import resident_bytes
from bench.servers import CLOCK
from bench.whole_node import PORTS, ready_file_of
from trinity_beast.storage import Database, DataFolder, EmbeddedPostgres, Surroundings, upgrade
from trinity_beast.usage import Days

ROWS, QUICK_ROWS = 10_000_000, 1_000_000
CSV_ROWS = 1_000_000
KEYS, DAYS_BACK = 1_000, 30
ASSETS_A_KEY = 8
SECOND_NS = 1_000_000_000
MEGABYTE = 1_000_000
ADMIN_KEY = "tb_admin_of_this_bench_and_of_no_other"
PART_BYTES = 1 << 16
SUMMARY_TARGET, FIRST_BYTE_TARGET = Target(200.0, is_absolute=True), Target(200.0, is_absolute=True)
MEMORY_TARGET = Target(16.0)
_ROWS_OF_DAY = """
INSERT INTO {partition} (time, key_id, asset, source_id, node_id, status, asset_count, code, state, cache_tier, protocol, flags,
    latency_ns, answer_bytes, request_id, lane_id, sequence)
SELECT CAST(:day AS date)::timestamp AT TIME ZONE 'UTC' + place * interval '1 day' / :rows, key_id,
    'A' || (key_id * 7 + place % {assets}) % 150, 1, 1, CASE WHEN place % 50 = 0 THEN 429 ELSE 200 END, 1, 0, 1, 1, 1 + place % 2,
    CASE WHEN place % 50 = 0 THEN 0 ELSE 1 END, 3000 + (place * 7919) % 40000, 760 + place % 9, place, 1, :first + place
FROM (SELECT place, 1 + (place * 2654435761) % {keys} AS key_id FROM generate_series(CAST(0 AS bigint), :rows - 1) AS place) AS placed
"""
_COPY = """
COPY (SELECT to_char(time, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), request_id, key_id, asset, asset_count, venue, source, tier.word, state.word,
    status, code.word, protocol.word, flags & 1 = 1, latency_ns, answer_bytes, node, lane_id, sequence
FROM usage_logs AS logged JOIN usage_sources USING (source_id) JOIN usage_nodes USING (node_id)
    JOIN usage_words AS tier ON (tier.kind, tier.number) = ('cache_tier', logged.cache_tier)
    JOIN usage_words AS state ON (state.kind, state.number) = ('state', logged.state)
    JOIN usage_words AS code ON (code.kind, code.number) = ('code', logged.code)
    JOIN usage_words AS protocol ON (protocol.kind, protocol.number) = ('protocol', logged.protocol)
WHERE time >= '{since}' AND time < '{until}') TO STDOUT (FORMAT csv)
"""


@dataclass(slots=True)
class _Taken:
    """What one telling of a file came to."""

    first_byte_ms: float = 0.0
    seconds: float = 0.0
    bytes: int = 0
    resident: list[int] = field(default_factory=list)


def bench(_cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: a report is not what is stored.
    """
    rows = QUICK_ROWS if effort.rounds < Effort.thorough().rounds else ROWS
    with tempfile.TemporaryDirectory(prefix="beast-bench-", dir=_place()) as place, DataFolder(Path(place) / "data", CLOCK) as folder:
        postgres = EmbeddedPostgres(folder, Surroundings(clock=CLOCK))
        try:
            url = postgres.start()
            upgrade(url)
            days = asyncio.run(_filled(url, rows))
            with _report_node(url, Path(place)) as (pid, port):
                yield from _summaries(port, days, rows, effort)
                yield from _files(url, (pid, port), days, rows, effort)
        finally:
            postgres.stop()


def _place() -> str | None:
    """Return where PostgreSQL's own user may enter, too, when we are root; None for the system's choice."""
    return "/var/tmp" if os.geteuid() == 0 else None  # noqa: S108 - A folder of our own is made in it.


async def _filled(url: str, rows: int) -> list[date]:
    """Store as many rows, evenly over the days that are over, and sum them up as the nightly job would."""
    database = Database(url, connections_max=1, statement_seconds=3_600.0, transaction_seconds=3_600.0)
    today = CLOCK.now().astimezone(UTC).date()
    days = [today - timedelta(days=back) for back in range(DAYS_BACK, 0, -1)]
    a_day = rows // len(days)
    try:
        async with database.transaction() as tx:
            for statement in _NAMES:
                await tx.execute(sa.text(statement))
        for number, day in enumerate(days):
            async with database.transaction() as tx:
                await tx.execute(sa.text("SELECT ensure_usage_partition(:day)"), {"day": day})
                statement = _ROWS_OF_DAY.format(partition=f"usage_logs_{day:%Y%m%d}", keys=KEYS, assets=ASSETS_A_KEY)
                await tx.execute(sa.text(statement), {"day": day, "rows": a_day, "first": number * a_day + 1})
            await Days(database).rebuild(day)
        async with database.transaction() as tx:
            await tx.execute(
                sa.text("UPDATE usage_lanes SET stored = int8multirange(int8range(1, :after))"), {"after": a_day * len(days) + 1}
            )
            await tx.execute(sa.text("ANALYZE"))
    finally:
        await database.close()
    return days


_NAMES = (
    "INSERT INTO usage_nodes (node) VALUES ('bench')",
    "INSERT INTO usage_sources (source_id, venue, source) VALUES (1, 'coinbase', 'coinbase-ws')",
    "INSERT INTO usage_lanes (node_id, boot, thread) VALUES (1, 'bench', 0)",
    "INSERT INTO usage_words SELECT 'cache_tier', number - 1, word FROM unnest(ARRAY['', 'memory']) WITH ORDINALITY AS each (word, number)",
    "INSERT INTO usage_words VALUES ('state', 1, 'live'), ('code', 0, 'OK'), ('protocol', 1, 'http'), ('protocol', 2, 'udp')",
)


@contextmanager
def _report_node(url: str, place: Path) -> Iterator[tuple[int, int]]:
    """Run `beast serve` as a report server on this database; give its process and its port."""
    ready_file, log = place / "ready.json", place / "log"
    environment = {**os.environ, **dict.fromkeys(PORTS, "0"), "SERVER_TYPE": "REPORT_SERVER", "DATABASE_URL": url, "ADMIN_KEY": ADMIN_KEY}
    words = [str(Path(sys.executable).with_name("beast")), "serve", "--feeds", "none", "--data-dir", str(place / "node")]
    with log.open("w") as output:
        process = subprocess.Popen([*words, "--ready-file", str(ready_file)], env=environment, stdout=output, stderr=output)
    try:
        ready = ready_file_of(ready_file, process, log)
        yield process.pid, int(str(ready["addresses"]["report"]).rpartition(":")[2])
    finally:
        process.terminate()
        process.wait(60)


def _summaries(port: int, days: list[date], rows: int, effort: Effort) -> Iterator[Figure]:
    milliseconds, told = [], 0
    for number in range(40 * effort.rounds):
        key_id = 1 + number * 37 % KEYS
        began_ns = CLOCK.monotonic_ns()
        body = _ask(port, f"/admin/reports/summary?since={days[0]}&until={days[-1] + timedelta(days=1)}&key_id={key_id}&format=csv").read()
        milliseconds.append((CLOCK.monotonic_ns() - began_ns) / 1e6)
        told += int(body.split(b"\r\n")[1].split(b",")[2])
    expected = 40 * effort.rounds * rows / KEYS
    if not 0.8 * expected < told < 1.2 * expected:
        raise RunBroken(f"{40 * effort.rounds} keys' summaries come to {told} answers, not some {expected:.0f}")
    cut = quantiles(milliseconds, n=20)
    yield Figure(f"summary of one of {KEYS:,} keys over {len(days)} days of {rows:,} rows: p95", (cut[18],), "ms", SUMMARY_TARGET)
    yield Figure("the same: p50", (cut[9],), "ms")


def _files(url: str, node: tuple[int, int], days: list[date], rows: int, effort: Effort) -> Iterator[Figure]:
    a_day = rows // len(days)
    until = days[-1] + timedelta(days=1)
    since = until - timedelta(days=-(-min(CSV_ROWS, a_day * len(days)) // a_day))
    wanted = a_day * (until - since).days
    ours, theirs = [], []
    for _ in range(effort.rounds):
        ours.append(_told_by_us(node, since, until, wanted))
        theirs.append(_told_by_copy(url, since, until, wanted))
    yield Figure(f"first byte of {wanted:,} rows as CSV", tuple(one.first_byte_ms for one in ours), "ms", FIRST_BYTE_TARGET)
    grown = tuple((max(one.resident) - one.resident[0]) / MEGABYTE for one in ours[1:] or ours)
    yield Figure("memory grown while they are told, after the first time", grown, "MB", MEMORY_TARGET)
    yield Figure("rows a second as CSV", tuple(wanted / one.seconds for one in ours), "rows/s")
    seconds = ratios([wanted / one.seconds for one in ours], [wanted / one.seconds for one in theirs])
    yield Figure("rows a second: against COPY TO STDOUT of the same rows, unordered", seconds, "of COPY TO")


def _told_by_us(node: tuple[int, int], since: date, until: date, wanted: int) -> _Taken:
    pid, port = node
    taken, lines, began_ns = _Taken(), 0, CLOCK.monotonic_ns()
    answer = _ask(port, f"/admin/reports/usage?since={since}&until={until}&order=oldest&page_size=all&format=csv")
    while part := answer.read1(PART_BYTES):
        if not taken.bytes:
            taken.first_byte_ms = (CLOCK.monotonic_ns() - began_ns) / 1e6
        if not lines % 50:
            taken.resident.append(resident_bytes(pid))
        taken.bytes += len(part)
        lines += part.count(b"\r\n")
    taken.seconds = (CLOCK.monotonic_ns() - began_ns) / SECOND_NS
    taken.resident.append(resident_bytes(pid))
    if lines != wanted + 1:
        raise RunBroken(f"{lines - 1} of {wanted} rows were told")
    return taken


def _told_by_copy(url: str, since: date, until: date, wanted: int) -> _Taken:
    taken, lines, began_ns = _Taken(), 0, CLOCK.monotonic_ns()
    with psycopg.connect(url) as connection, connection.cursor() as cursor, cursor.copy(_COPY.format(since=since, until=until)) as copy:
        for part in copy:
            taken.bytes += len(part)
            lines += 1
    taken.seconds = (CLOCK.monotonic_ns() - began_ns) / SECOND_NS
    if lines != wanted:
        raise RunBroken(f"COPY tells {lines} of {wanted} rows")
    return taken


def _ask(port: int, path: str) -> HTTPResponse:
    connection = HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request("GET", path, headers={"Authorization": f"Bearer {ADMIN_KEY}", "Connection": "close"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RunBroken(f"{path} was answered {answer.status}: {answer.read()[:300]!r}")
    return answer
