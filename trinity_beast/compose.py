"""Where every part is built and joined. It reads like a table of contents; what each `SERVER_TYPE` runs is said here and nowhere else."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from trinity_beast import content
from trinity_beast.access import (
    CHANNEL,
    Callers,
    ChangeWatch,
    Doorman,
    EngineGate,
    Keys,
    Ledger,
    MadeAdminKey,
    Operators,
    admin_key,
    demo_key,
    server_digests,
    server_secret,
)
from trinity_beast.access.routes import admission, key_routes, operation
from trinity_beast.clock import Clock
from trinity_beast.engine import Clock as EngineClock
from trinity_beast.engine import Engine, Limits, Refusal
from trinity_beast.exchanges import Exchanges
from trinity_beast.feeds import CHANNEL as FEED_CHANGES
from trinity_beast.feeds import (
    AssetEditor,
    FeedChanges,
    FeedEditor,
    Feeds,
    FeedTables,
    HttpOpener,
    Looks,
    Trial,
    feeds_probe,
)
from trinity_beast.feeds.routes import asset_routes, feed_routes
from trinity_beast.parameters import Readings
from trinity_beast.parts import Part, Step
from trinity_beast.pricing import Demand, Prices, Watch
from trinity_beast.pricing.routes import price_routes
from trinity_beast.priority import give_way
from trinity_beast.randomness import Dice, SecretSource
from trinity_beast.settings import Mode, Settings, engine_threads
from trinity_beast.storage import Database, DataFolder, EmbeddedPostgres, Notices, Surroundings, upgrade
from trinity_beast.telemetry import Counters, Health, PoolGauges, database_probe, metering_probe
from trinity_beast.telemetry.routes import health_routes, metrics_routes
from trinity_beast.web import App, Count, HttpServer, Identity, Meter, RequestIds, Router, build_app

ENVELOPE_VERSION = "1"
GRACE_SECONDS = 10.0
"""How long requests in flight may take to finish once the node stops."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What every part of a node stands on."""

    settings: Settings
    clock: Clock
    secrets: SecretSource
    dice: Dice
    folder: DataFolder
    database: Database
    keys: Keys
    demo_key: str = field(repr=False)
    admin_key: MadeAdminKey
    health: Health
    readings: Readings
    request_ids: RequestIds
    addresses: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Where each listener ended up, by name."""


@asynccontextmanager
async def ground(settings: Settings, clock: Clock, secrets: SecretSource, dice: Dice) -> AsyncIterator[Ground]:
    """Take the data folder, bring the database up and its schema to this code's, and give what all parts stand on.

    Raises:
        DataFolderBusy, PostgresMissing, DiskNearlyFull, DependencyAway, SchemaNewer …: why the node cannot start here.
    """
    with DataFolder(settings.data_dir, clock) as folder:
        async with _database_url(settings, folder, clock) as url:
            await asyncio.to_thread(upgrade, url)
            database = Database(url)
            try:
                digests = server_digests(folder, secrets)
                keys = Keys(database, digests, clock, secrets)
                yield Ground(
                    settings=settings,
                    clock=clock,
                    secrets=secrets,
                    dice=dice,
                    folder=folder,
                    database=database,
                    keys=keys,
                    demo_key=await demo_key(folder, keys, secrets),
                    admin_key=admin_key(folder, digests, secrets, given=settings.admin_key),
                    health=Health(clock),
                    readings=Readings(),
                    request_ids=RequestIds(clock),
                )
            finally:
                await database.close()


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


@dataclass(frozen=True, slots=True)
class Services:
    """What a node runs: its parts in the order they start, and the engine where it has one."""

    parts: list[Part]
    engine: Engine | None = None


def services(on: Ground, market: Exchanges) -> Services:
    """Return what the node's mode runs."""
    built = [build(on, market) for build in MODES[on.settings.mode]]
    engines = [each.engine for each in built if each.engine is not None]
    return Services([part for each in built for part in each.parts], engines[0] if engines else None)


def price_service(on: Ground, market: Exchanges) -> Services:
    """Return the parts that answer prices (LPO).

    They stop in reverse: no new connection, what is in flight finished, the spool sealed; then the feeds; health last.
    """
    engine = _engine(on)
    counters = Counters(engine.counters)
    looks = Looks(market.tables.rows, opener=HttpOpener(), clock=on.clock, readings=on.readings)
    prices = Prices(
        engine.book,
        market.tables.asset_map,
        clock=on.clock,
        readings=on.readings,
        source_prefix=market.source_prefix,
        can_prove=looks.can_look,
    )
    feeds = Feeds(
        market.tables.rows,
        market.tables.asset_map,
        prices.on_trades,
        on_history=prices.on_history,
        clock=on.clock,
        dice=on.dice,
        readings=on.readings,
    )
    watch = Watch(prices, looks, market.tables.asset_map, asked_ns=feeds.asked_ns, renew=feeds.renew, clock=on.clock, readings=on.readings)
    demand = Demand(prices, looks, clock=on.clock, readings=on.readings)
    gate = EngineGate(engine.keys)
    doorman = Doorman(gate, engine.questions, on.keys, on.clock)
    callers = Callers(engine.keys, doorman, count=counters.add)
    trial = Trial(feeds, market.readdressed, clock=on.clock, dice=on.dice, readings=on.readings)
    operator = operation(Operators(on.admin_key.key, on.clock, count=counters.add))
    routers = [
        price_routes(prices, demand, admitted=admission(callers), exchanges=feeds.status, count=counters.add),
        key_routes(callers),
        health_routes(on.health, with_facts=False),
        feed_routes(FeedEditor(on.database, trial, feeds.status), operator=operator, clock=on.clock),
        asset_routes(AssetEditor(on.database), operator=operator),
    ]
    app = _app(on, "LPO", "Trinity Beast prices", routers, meter=engine.spool, count=counters.add)
    server = HttpServer(app, clock=on.clock, refuse=app.refusal_bytes)
    on.health.register("database", database_probe(on.database))
    on.health.register("feeds", feeds_probe(feeds))
    on.health.register("metering", metering_probe(counters), is_needed=False)
    parts: list[Part] = [
        _listener(on, "price_health", on.settings.price_health_port, metrics_routes(counters)),
        looks,
        feeds,
        watch,
        demand,
        FeedChanges(
            market.read,
            Notices(on.database.url, FEED_CHANGES, on.clock),
            partial(_follow, prices, looks, feeds, watch),
            on.clock,
            known=market.tables,
        ),
        PoolGauges(on.database, counters, on.clock),
        doorman,
        ChangeWatch(on.keys, Notices(on.database.url, CHANNEL, on.clock), doorman, on.clock),
        Ledger(gate, doorman.roll, on.keys, on.clock),
        Step("engine", up=partial(asyncio.to_thread, engine.spool.recover), down=partial(asyncio.to_thread, engine.stop, GRACE_SECONDS)),
        Step("handed requests", up=_taking(server, engine), down=partial(server.stop, GRACE_SECONDS)),
        Step("front door", up=_opening(on, engine), down=partial(asyncio.to_thread, engine.stop_accepting)),
    ]
    return Services(parts, engine)


async def _follow(prices: Prices, looks: Looks, feeds: Feeds, watch: Watch, tables: FeedTables) -> None:
    """Put changed tables to use: prices first, so that no trade of a new symbol finds nobody waiting for it."""
    prices.use_map(tables.asset_map)
    looks.use(tables.rows)
    await feeds.apply(tables.rows, tables.asset_map)
    watch.use_map(tables.asset_map)


def report_service(on: Ground, _market: Exchanges) -> Services:
    """Return the parts that answer reports (LRS): for now, its health."""
    on.health.register("database", database_probe(on.database))
    return Services([_listener(on, "report_health", on.settings.report_health_port)])


def push_service(on: Ground, _market: Exchanges) -> Services:
    """Return the parts that push prices to webhooks: for now, their health."""
    on.health.register("database", database_probe(on.database))
    return Services([_listener(on, "push_health", on.settings.push_health_port)])


MODES: Mapping[Mode, Sequence[Callable[[Ground, Exchanges], Services]]] = {
    Mode.APP_SERVER: (price_service,),
    Mode.REPORT_SERVER: (report_service,),
    Mode.APP_REPORT_SERVER: (price_service, report_service),
    Mode.WEBHOOK_SERVER: (push_service,),
}


def _engine(on: Ground) -> Engine:
    settings = on.settings
    engine = Engine(
        node=settings.node,
        region=settings.region,
        version=ENVELOPE_VERSION,
        digest_secret=server_secret(on.folder, on.secrets),
        spool_directory=str(on.folder.spool),
        threads=engine_threads(settings),
        clock=EngineClock.system(),
        limits=Limits(),
    )
    engine.set_refusals([Refusal(*texts) for texts in content.refusals_for_engine()])
    return engine


_LINKS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "LPO": (("/health", "how this node fares"), ("/exchanges", "the exchanges and how their feeds stand"), ("/problems", "every code")),
    "OPS": (("/health", "how this node fares"), ("/health/ready", "whether it can serve"), ("/problems", "every code")),
}
"""What the landing page of each service leads to: only what is there."""


def _app(on: Ground, service: str, title: str, routers: Sequence[Router], *, meter: Meter | None = None, count: Count | None = None) -> App:
    return build_app(
        routers,
        title=title,
        about="Real-time crypto prices, each with its source and its true age.",
        links=_LINKS[service],
        identity=Identity(service=service, node=on.settings.node, region=on.settings.region, version=ENVELOPE_VERSION),
        words=content,
        clock=on.clock,
        request_ids=on.request_ids,
        meter=meter,
        count=count,
    )


def _listener(on: Ground, name: str, port: int, *routers: Router) -> Part:
    """Return a port for operators and balancers: health with its figures, and whatever else is given."""
    app = _app(on, "OPS", "Trinity Beast health", [health_routes(on.health, with_facts=True), *routers])
    server = HttpServer(app, clock=on.clock, refuse=app.refusal_bytes)

    async def open_port() -> None:
        on.addresses[name] = (on.settings.bind, await server.listen(on.settings.bind, port))

    return Step(name, up=open_port, down=partial(server.stop, GRACE_SECONDS))


def _taking(server: HttpServer, engine: Engine) -> Callable[[], Awaitable[None]]:
    async def take() -> None:
        server.serve(engine.door)

    return take


def _opening(on: Ground, engine: Engine) -> Callable[[], Awaitable[None]]:
    async def open_ports() -> None:
        bind = on.settings.bind
        on.addresses["price"] = (bind, engine.listen_http(bind, on.settings.price_port))
        on.addresses["price_udp"] = (bind, engine.listen_udp(bind, on.settings.price_udp_port))
        engine.start()
        give_way()

    return open_ports
