"""Bringing the shared cache into step: what of it there is, for the nightly job and for `beast sync`."""

from collections.abc import Mapping, Sequence

from trinity_beast.access import ChangedLately, Digests, Keys, SharedKeys, server_digests
from trinity_beast.clock import Clock
from trinity_beast.compose.knobs import declarations
from trinity_beast.jobs import Job
from trinity_beast.ops import Step, Sync, Synced, Tell
from trinity_beast.parameters import ConfigCache, Readings, given_values, refresh_config
from trinity_beast.randomness import Dice, SecretSource
from trinity_beast.reports import ReportMirror
from trinity_beast.settings import SettingInvalid, Settings
from trinity_beast.storage import Database, Valkey, Whereabouts, reached
from trinity_beast.traces import UNTRACED, Traces
from trinity_beast.usage import UsageMirror

STATEMENT_SECONDS, TRANSACTION_SECONDS = 6 * 3_600.0, 6 * 3_600.0
"""A first synchronisation reads every row there is, as fast as the cache takes them."""
NIGHTLY = "0 6 * * *"
"""1 AM EST, which is 6:00 UTC the year round: the documents say EST, and name no summer time."""


def syncing_database(url: str, traces: Traces = UNTRACED) -> Database:
    """Return synchronisation's own way to the database: its transactions are the longest of all."""
    return Database(
        url, connections_max=3, statement_seconds=STATEMENT_SECONDS, transaction_seconds=TRANSACTION_SECONDS, traces=traces
    )  # fmt: skip


def sync_of(database: Database, cache: Valkey, keys: Keys, digests: Digests, *, clock: Clock, readings: Readings) -> Sync:
    """Return the synchronisation of everything there is to be mirrored."""
    mirror = UsageMirror(database, cache, clock, readings)
    noted = ReportMirror(database, cache, clock, readings)
    shared = SharedKeys(keys, cache, digests, ChangedLately(), clock)

    async def usage(is_full: bool, tell: Tell) -> Mapping[str, int]:
        done = await mirror.sync(is_full=is_full, on_rows=lambda rows, of: tell("usage", rows, of))
        return {"rows": done.rows, "pruned": done.pruned}

    async def reports(is_full: bool, _tell: Tell) -> Mapping[str, int]:
        return {"notes": await noted.sync(is_full=is_full)}

    async def every_key(_is_full: bool, _tell: Tell) -> Mapping[str, int]:
        return {"keys": await shared.refresh()}

    async def parameters(_is_full: bool, _tell: Tell) -> Mapping[str, int]:
        return {"parameters": await refresh_config(database, declarations(), ConfigCache(cache))}

    steps = [Step("usage", usage), Step("reports", reports), Step("keys", every_key), Step("parameters", parameters)]
    return Sync(database, steps, clock)


def sync_job(sync: Sync, *, is_full: bool) -> Job:
    """Return the nightly job."""

    async def work() -> None:
        await sync.run(is_full=is_full)

    about = "Brings the shared cache into step with the database."
    return Job("ops.sync", about, work, cron=NIGHTLY, seconds_max=TRANSACTION_SECONDS)


async def run_sync(
    settings: Settings, whereabouts: Whereabouts, *, is_full: bool, tell: Tell, clock: Clock, secrets: SecretSource, dice: Dice
) -> Sequence[Synced]:
    """Synchronise for the node of these settings, whether or not it runs.

    Raises:
        SettingInvalid: there is no shared cache.
        SyncRunning: another process is at it.
        DependencyAway, DataFolderBusy …: the database or the cache cannot be reached.
    """
    if not settings.cache_url:
        raise SettingInvalid(setting="CACHE_URL", reason="is empty: without a shared cache there is nothing to bring into step")
    async with reached(whereabouts, clock=clock) as (folder, found):
        digests = server_digests(folder, secrets, given=settings.server_secret)
        database, cache = syncing_database(found.url), Valkey(settings.cache_url, clock=clock, dice=dice)
        try:
            readings = Readings(given_values(settings.parameters))
            keys = Keys(found, digests, clock, secrets)
            await keys.expect_one_secret()  # Under another, what we put there would be nobody's to believe.
            sync = sync_of(database, cache, keys, digests, clock=clock, readings=readings)
            return await sync.run(is_full=is_full or settings.force_full_sync, tell=tell)
        finally:
            await cache.close()
            await database.close()
