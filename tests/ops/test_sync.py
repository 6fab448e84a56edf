"""What a synchronisation promises: one at a time, over all there is to mirror, from a shell as well as by itself."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.clock import ManualClock
from tests.support.randomness import SeededSecrets
from tests.support.segments import Written
from tests.support.shell import done
from tests.support.usage_records import NOON_NS, batches
from trinity_beast.access import ChangedLately, Digests, Keys, ServerSecretDiffers, SharedKeys
from trinity_beast.clock import SystemClock
from trinity_beast.compose.syncing import NIGHTLY, run_sync, sync_job, sync_of
from trinity_beast.jobs import Jobs
from trinity_beast.ops import Step, Sync, Tell
from trinity_beast.ops.errors import SyncRunning
from trinity_beast.parameters import Readings
from trinity_beast.randomness import dice_from
from trinity_beast.settings import SettingInvalid, Settings
from trinity_beast.storage import Database, Valkey, Whereabouts
from trinity_beast.usage import Writer

SECRET = bytes(range(32))


def keys_of(database: Database, digests: Digests) -> Keys:
    return Keys(database, digests, SystemClock(), SeededSecrets())


async def test_usage_keys_and_parameters_are_brought_into_step(own_database: Database, valkey: Valkey, tmp_path: Path) -> None:
    digests = Digests(SECRET)
    keys = keys_of(own_database, digests)
    issued = await keys.issue("demo", "one")
    gone = await keys.issue("demo", "another")
    await keys.revoke(gone.key.key_id)
    [batch] = batches(tmp_path, [Written(time_ns=NOON_NS)])
    await Writer(own_database).store(batch)

    told: list[tuple[str, int, int]] = []
    sync = sync_of(own_database, valkey, keys, digests, clock=SystemClock(), readings=Readings())
    usage, reports, every_key, parameters = await sync.run(tell=lambda *heard: told.append(heard))

    assert usage.counts == {"rows": 1, "pruned": 0}
    assert reports.counts == {"notes": 0}
    assert every_key.counts == {"keys": 1}
    assert parameters.counts["parameters"] > 50
    assert told[-1] == ("usage", 1, 1)
    digest = digests.digest_of(issued.secret)
    held = await valkey.get(f"apikey:{digest.hex()}")
    assert held is not None
    assert issued.secret.encode() not in held
    assert await valkey.do("EXISTS", f"apikey:{digests.digest_of(gone.secret).hex()}") == 0
    left_ms = await valkey.do("PTTL", f"apikey:{digest.hex()}")
    assert isinstance(left_ms, int)
    assert 86_000_000 < left_ms <= 86_400_000
    assert await valkey.do("HEXISTS", "app:config", "usage_kept_days") == 1


async def test_a_key_put_there_lets_in_while_the_database_is_away_and_no_longer_than_any_other(
    own_database: Database, valkey: Valkey
) -> None:
    digests, lately, clock = Digests(SECRET), ChangedLately(), SystemClock()
    keys = keys_of(own_database, digests)
    issued = await keys.issue("demo", "one")
    shared = SharedKeys(keys, valkey, digests, lately, clock)
    assert await shared.refresh() == 1
    value = await valkey.get(f"apikey:{digests.digest_of(issued.secret).hex()}")
    assert value is not None
    other = SharedKeys(keys, valkey, Digests(bytes(32)), lately, clock)
    await other.resolve([digests.digest_of(issued.secret)])
    assert (other.tally.found, other.tally.not_believed) == (0, 1)


async def test_one_runs_at_a_time(own_database: Database) -> None:
    second = Sync(own_database, [], SystemClock())

    async def meanwhile(_is_full: bool, _tell: Tell) -> dict[str, int]:
        with pytest.raises(SyncRunning):
            await second.run()
        return {}

    await Sync(own_database, [Step("usage", meanwhile)], SystemClock()).run()
    assert await second.run() == []


async def test_a_step_that_fails_frees_the_way_for_the_next_run(own_database: Database) -> None:
    async def fails(_is_full: bool, _tell: Tell) -> dict[str, int]:
        raise ValueError("as told")

    with pytest.raises(ValueError, match="as told"):
        await Sync(own_database, [Step("usage", fails)], SystemClock()).run()
    assert await Sync(own_database, [], SystemClock()).run() == []


def test_it_runs_by_itself_at_one_in_the_morning_eastern_standard_time(own_database: Database) -> None:
    job = sync_job(Sync(own_database, [], SystemClock()), is_full=False)
    assert job.cron == NIGHTLY
    jobs = Jobs(own_database, [job], ManualClock())
    assert jobs._next("ops.sync").isoformat() == "2026-11-21T06:00:00+00:00"


async def test_a_shell_synchronises_beside_a_node(own_database_url: str, own_database: Database, valkey_url: str, tmp_path: Path) -> None:
    await keys_of(own_database, Digests(SECRET)).issue("demo", "one")
    for batch in batches(tmp_path, [Written(time_ns=NOON_NS + place) for place in range(12)]):
        await Writer(own_database).store(batch)
    given = {"DATABASE_URL": own_database_url, "CACHE_URL": valkey_url, "BEAST_SERVER_SECRET": SECRET.hex()}
    told = await asyncio.to_thread(done, "sync", "--data-dir", tmp_path / "data", **given)
    assert [(step["step"], step.get("rows")) for step in told] == [
        ("usage", 12), ("reports", None), ("keys", None), ("parameters", None)
    ]  # fmt: skip

    settings = Settings(database_url=own_database_url, cache_url=valkey_url, server_secret=SECRET.hex(), force_full_sync=True)
    assert await usage_rows(settings, tmp_path) == 12
    assert await usage_rows(replace(settings, force_full_sync=False), tmp_path) == 0
    with pytest.raises(SettingInvalid):
        await usage_rows(replace(settings, cache_url=""), tmp_path)
    with pytest.raises(ServerSecretDiffers):
        await usage_rows(replace(settings, server_secret=bytes(range(1, 33)).hex()), tmp_path)


async def usage_rows(settings: Settings, folder: Path) -> int:
    """Synchronise as the verb does, and return how many rows went there."""
    done = await run_sync(
        settings, Whereabouts(folder / "data", settings.database_url), is_full=False, tell=lambda _step, _done, _of: None,
        clock=SystemClock(), secrets=SeededSecrets(), dice=dice_from("sync"),
    )  # fmt: skip
    return done[0].counts["rows"]
