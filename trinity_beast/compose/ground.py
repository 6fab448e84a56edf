"""What every part of a node stands on, whatever its mode: the data folder, the database, the shared cache, the keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from trinity_beast.access import Digests, KeyBroadcast, Keys, MadeAdminKey, Tiers, admin_key, demo_key, server_secret
from trinity_beast.clock import Clock
from trinity_beast.compose.followers import follow_database, follow_kept_logs, follow_log_level
from trinity_beast.compose.knobs import Knobs, given_of, knobs_of
from trinity_beast.compose.tracing import Tracing
from trinity_beast.parameters import Readings, ThisNode
from trinity_beast.randomness import Dice, SecretSource
from trinity_beast.settings import Settings
from trinity_beast.storage import Database, DataFolder, EmbeddedPostgres, Surroundings, Valkey, upgrade
from trinity_beast.telemetry import Health, KeptLogs
from trinity_beast.traces import Traces
from trinity_beast.web import RequestIds

NODE_ID = "node-id"


@dataclass(frozen=True, slots=True)
class Ground:
    """What every part of a node stands on."""

    settings: Settings
    clock: Clock
    secrets: SecretSource
    dice: Dice
    folder: DataFolder
    database: Database
    cache: Valkey | None
    """The shared cache, where `CACHE_URL` names one."""
    keys: Keys
    tiers: Tiers
    told: KeyBroadcast | None
    """Who tells the other nodes of changed keys over the shared cache."""
    digests: Digests
    server_secret: bytes = field(repr=False)
    demo_key: str = field(repr=False)
    admin_key: MadeAdminKey
    health: Health
    knobs: Knobs
    logs: KeptLogs
    """The last lines this process has written."""
    request_ids: RequestIds
    tracing: Tracing
    addresses: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Where each listener ended up, by name."""
    node_id: str = ""
    """This node's name among all: drawn once, kept in its data folder, which only one process can hold."""

    @property
    def readings(self) -> Readings:
        """What parameters are at, live."""
        return self.knobs.readings

    @property
    def traces(self) -> Traces:
        """Where spans are begun."""
        return self.tracing.traces


@asynccontextmanager
async def ground(
    settings: Settings, clock: Clock, secrets: SecretSource, dice: Dice, *, logs: KeptLogs | None = None
) -> AsyncIterator[Ground]:
    """Take the data folder, bring the database up and its schema to this code's, and give what all parts stand on.

    `logs` are told to operators; they are those that `configure_logs` was given.

    Raises:
        CacheAddressInvalid: `CACHE_URL` is no address. A cache that is away keeps no node from starting.
        ParameterInvalid, DataFolderBusy, PostgresMissing, DiskNearlyFull, DependencyAway, SchemaNewer, ServerSecretDiffers …: why the
            node cannot start here.
    """
    logs = logs or KeptLogs()
    with DataFolder(settings.data_dir, clock) as folder:
        async with _cache(settings, clock, dice) as cache, _database_url(settings, folder, clock) as url:
            await asyncio.to_thread(upgrade, url)
            tracing = Tracing(settings, clock)
            database = Database(url, traces=tracing.traces)
            try:
                secret = server_secret(folder, secrets, given=settings.server_secret)
                digests = Digests(secret)
                told = None if cache is None else KeyBroadcast(cache)
                keys = Keys(database, digests, clock, secrets, told)
                await keys.expect_one_secret()
                node_id = _node_id(folder, secrets)
                knobs = knobs_of(database, cache, ThisNode(node_id, settings.node), clock, given=given_of(settings))
                await knobs.watch.look()
                follow_log_level(knobs.readings)
                follow_kept_logs(knobs.readings, logs)
                follow_database(knobs.readings, database)
                yield Ground(
                    settings=settings,
                    clock=clock,
                    secrets=secrets,
                    dice=dice,
                    folder=folder,
                    database=database,
                    cache=cache,
                    keys=keys,
                    tiers=Tiers(database, told),
                    told=told,
                    digests=digests,
                    server_secret=secret,
                    demo_key=await demo_key(folder, keys, digests),
                    admin_key=admin_key(folder, digests, secrets, given=settings.admin_key),
                    health=Health(clock, knobs.readings),
                    knobs=knobs,
                    logs=logs,
                    request_ids=RequestIds(clock),
                    tracing=tracing,
                    node_id=node_id,
                )
            finally:
                await database.close()


def _node_id(folder: DataFolder, secrets: SecretSource) -> str:
    node_id = folder.noted(NODE_ID)
    if node_id is None:
        node_id = secrets.base62(16)
        folder.note(NODE_ID, node_id)
    return node_id


@asynccontextmanager
async def _cache(settings: Settings, clock: Clock, dice: Dice) -> AsyncIterator[Valkey | None]:
    if not settings.cache_url:
        yield None
        return
    cache = Valkey(settings.cache_url, clock=clock, dice=dice)
    try:
        yield cache
    finally:
        await cache.close()


@asynccontextmanager
async def _database_url(settings: Settings, folder: DataFolder, clock: Clock) -> AsyncIterator[str]:
    if settings.database_url:
        yield settings.database_url
        return
    bin_dir = Path(settings.postgres_bin_dir) if settings.postgres_bin_dir else None
    postgres = EmbeddedPostgres(folder, Surroundings(bin_dir=bin_dir, clock=clock))
    url = await asyncio.to_thread(postgres.start)
    try:
        yield url
    finally:
        await asyncio.to_thread(postgres.stop)
