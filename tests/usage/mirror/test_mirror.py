"""What the mirror promises: in step with the database after each run, whatever came meanwhile and whatever was killed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.clock import ManualClock
from tests.support.segments import Written
from tests.support.usage_records import DAY_NS, NOON_NS, batches
from tests.support.valkey import ValkeyServerOfATest
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database, DependencyAway, Valkey
from trinity_beast.usage import Writer
from trinity_beast.usage.mirror import Mirrored, UsageMirror

TODAY_NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def mirror_of(database: Database, valkey: Valkey, clock: ManualClock | None = None, *, batch_rows: int = 7, **turned: int) -> UsageMirror:
    readings = Readings({name: str(value) for name, value in turned.items()})
    return UsageMirror(database, valkey, clock or ManualClock(TODAY_NOON), readings, batch_rows=batch_rows, mark_every=2)


async def stored(database: Database, folder: Path, records: list[Written], *, thread: int = 3, only: slice = slice(None)) -> None:
    for batch in batches(folder, records, thread=thread)[only]:
        await Writer(database).store(batch)


def records_of(count: int, *, days_apart: int = 0) -> list[Written]:
    return [
        Written(
            time_ns=NOON_NS - (count - place) * (1_000_000 + days_apart * DAY_NS),
            key_id=place % 3 + 1,
            asset=[b"BTC", b"ETH"][place % 2],
            flags=1,
        )
        for place in range(count)
    ]


async def hashes(valkey: Valkey) -> dict[bytes, dict[bytes, bytes]]:
    names = await valkey.do("KEYS", "usage_logs:[0-9]*-[0-9]*")
    assert isinstance(names, list)
    found = {}
    for name in names:
        held = await valkey.do("HGETALL", name)
        assert isinstance(held, list)
        found[name] = dict(zip(held[::2], held[1::2], strict=True))
    return found


async def index(valkey: Valkey, name: str) -> list[bytes]:
    found = await valkey.do("ZRANGE", name, 0, -1)
    assert isinstance(found, list)
    return found


async def names_stored(database: Database) -> list[bytes]:
    async with database.transaction() as tx:
        rows = await tx.execute(sa.text("SELECT lane_id || '-' || sequence FROM usage_logs ORDER BY time, lane_id, sequence"))
        return [name.encode() for (name,) in rows]


async def test_a_row_lies_there_with_its_eighteen_fields(own_database: Database, valkey: Valkey, tmp_path: Path) -> None:
    record = Written(
        time_ns=NOON_NS + 123_456_789, request_id=(1 << 59) + 5, key_id=7, asset=b"BTC", latency_ns=4_000, answer_bytes=300, asset_count=3,
        source=1, cache_tier=2, protocol=2, state=3, flags=1,
    )  # fmt: skip
    await stored(own_database, tmp_path, [record])
    assert await mirror_of(own_database, valkey).sync() == Mirrored(1, 0)
    [(name, fields)] = (await hashes(valkey)).items()
    lane = name.removeprefix(b"usage_logs:").partition(b"-")[0]
    assert {word.decode(): value.decode() for word, value in fields.items()} == {
        "time": "2026-11-20T12:00:00.123456Z", "request_id": "G00000000005", "key_id": "7", "asset": "BTC", "asset_count": "3",
        "venue": "coinbase", "source": "lab:coinbase-ws", "cache_tier": "valkey", "state": "rest", "status": "200", "code": "OK",
        "protocol": "udp", "charged": "1", "latency_ns": "4000", "answer_bytes": "300", "node": "BeastMain", "lane": lane.decode(),
        "sequence": "41",
    }  # fmt: skip
    goes_at = await valkey.do("PEXPIRETIME", name)
    assert goes_at == (NOON_NS + 93 * DAY_NS) // 1_000_000 + 123
    for each in ("usage_logs:index", "usage_logs:key:7", "usage_logs:asset:BTC"):
        assert await index(valkey, each) == [name.removeprefix(b"usage_logs:")]


async def test_every_row_is_found_by_time_by_key_and_by_asset(own_database: Database, valkey: Valkey, tmp_path: Path) -> None:
    await stored(own_database, tmp_path, records_of(40, days_apart=1))
    told: list[tuple[int, int]] = []
    done = await mirror_of(own_database, valkey).sync(on_rows=lambda rows, of: told.append((rows, of)))
    assert done.rows == 40
    assert told[-1][1] == 40
    names = await names_stored(own_database)
    assert await index(valkey, "usage_logs:index") == names
    by_key = [name for key in (1, 2, 3) for name in await index(valkey, f"usage_logs:key:{key}")]
    by_asset = [name for asset in ("BTC", "ETH") for name in await index(valkey, f"usage_logs:asset:{asset}")]
    assert sorted(by_key) == sorted(by_asset) == sorted(names)
    assert sorted(await hashes(valkey)) == sorted(b"usage_logs:" + name for name in names)


async def test_only_what_is_new_goes_there_the_next_time(own_database: Database, valkey: Valkey, tmp_path: Path) -> None:
    mirror, records = mirror_of(own_database, valkey), records_of(30)
    await stored(own_database, tmp_path, records, only=slice(0, 4))
    assert (await mirror.sync()).rows == 20
    assert (await mirror.sync()).rows == 0
    await stored(own_database, tmp_path, records)
    assert (await mirror.sync()).rows == 10
    assert await index(valkey, "usage_logs:index") == await names_stored(own_database)


async def test_what_comes_late_and_out_of_order_goes_there_too(own_database: Database, valkey: Valkey, tmp_path: Path) -> None:
    mirror, records = mirror_of(own_database, valkey), records_of(30, days_apart=2)
    for only in (slice(4, 5), slice(1, 2), slice(0, 1), slice(5, 6), slice(2, 4)):
        await stored(own_database, tmp_path, records, only=only)
        await mirror.sync()
    await stored(own_database, tmp_path, [Written(time_ns=NOON_NS - 50 * DAY_NS)], thread=9)
    assert (await mirror.sync()).rows == 1
    assert await index(valkey, "usage_logs:index") == await names_stored(own_database)


async def test_an_emptied_cache_is_filled_again(own_database: Database, valkey: Valkey, tmp_path: Path) -> None:
    mirror = mirror_of(own_database, valkey)
    await stored(own_database, tmp_path, records_of(10))
    await mirror.sync()
    await valkey.do("FLUSHALL")
    assert (await mirror.sync()).rows == 10


async def test_a_full_synchronisation_puts_everything_there_anew(own_database: Database, valkey: Valkey, tmp_path: Path) -> None:
    mirror = mirror_of(own_database, valkey)
    await stored(own_database, tmp_path, records_of(10))
    await mirror.sync()
    [name, *_] = await hashes(valkey)
    await valkey.delete(name)
    assert (await mirror.sync()).rows == 0
    assert (await mirror.sync(is_full=True)).rows == 10
    assert name in await hashes(valkey)


async def test_what_is_older_than_rows_are_kept_leaves_every_index(own_database: Database, valkey: Valkey, tmp_path: Path) -> None:
    clock = ManualClock(TODAY_NOON)
    mirror = mirror_of(own_database, valkey, clock, usage_kept_days=5)
    await stored(own_database, tmp_path, records_of(4, days_apart=1))
    assert (await mirror.sync()).rows == 4
    clock.advance(2 * 86_400)
    pruned = await mirror.sync()
    assert pruned == Mirrored(0, 6)
    assert len(await index(valkey, "usage_logs:index")) == 2


async def test_a_refusal_of_the_cache_is_told_and_nothing_is_noted_as_done(own_database: Database, valkey: Valkey, tmp_path: Path) -> None:
    mirror = mirror_of(own_database, valkey, batch_rows=100)
    await stored(own_database, tmp_path, records_of(10))
    await valkey.do("SET", "usage_logs:index", "no sorted set")
    with pytest.raises(DependencyAway, match="WRONGTYPE"):
        await mirror.sync()
    await valkey.delete("usage_logs:index")
    assert (await mirror.sync()).rows == 10


async def test_a_cache_that_dies_in_the_middle_is_filled_by_the_next_run(
    own_database: Database, own_valkey: ValkeyServerOfATest, tmp_path: Path
) -> None:
    valkey = Valkey(own_valkey.url, clock=ManualClock(TODAY_NOON))
    mirror = mirror_of(own_database, valkey, batch_rows=1)
    await stored(own_database, tmp_path, records_of(40))

    def kill(rows: int, _of: int) -> None:
        if rows >= 10:
            own_valkey.kill()

    with pytest.raises(DependencyAway):
        await mirror.sync(on_rows=kill)
    await valkey.close()
    own_valkey.restart()
    again = Valkey(own_valkey.url, clock=ManualClock(TODAY_NOON))
    assert (await mirror_of(own_database, again).sync()).rows == 40
    await again.close()
