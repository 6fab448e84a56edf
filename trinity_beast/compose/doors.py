"""The doors of a node: the app behind each port, the ports for operators, and the engine's own."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

from trinity_beast import content
from trinity_beast.clock import Clock
from trinity_beast.compose.followers import EngineBounds
from trinity_beast.compose.ground import Ground
from trinity_beast.compose.parameters import SHUTDOWN_GRACE_SECONDS
from trinity_beast.engine import Clock as EngineClock
from trinity_beast.engine import Engine, Refusal
from trinity_beast.parameters import Readings
from trinity_beast.parts import Part, Step
from trinity_beast.priority import give_way
from trinity_beast.settings import Settings, engine_threads
from trinity_beast.telemetry import Health
from trinity_beast.telemetry.routes import health_routes
from trinity_beast.traces import UNTRACED, Traces
from trinity_beast.web import App, Count, HttpServer, Identity, KnownLimits, Meter, RequestIds, Router, build_app

ENVELOPE_VERSION = "1"
_LINKS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "LPO": (("/health", "how this node fares"), ("/exchanges", "the exchanges and how their feeds stand"), ("/problems", "every code")),
    "LRS": (
        ("/reports/summary", "what your keys' use comes to"),
        ("/reports/usage", "every answer, one by one"),
        ("/reports/daily", "day by day"),
        ("/reports/by-asset", "asset by asset"),
        ("/reports/by-source", "source by source"),
        ("/reports/reports", "the use of reports"),
        ("/health", "how this node fares"),
        ("/problems", "every code"),
    ),
    "OPS": (("/health", "how this node fares"), ("/health/ready", "whether it can serve"), ("/problems", "every code")),
}
"""What the landing page of each service leads to: only what is there."""


class Footing(Protocol):
    """What a port for operators stands on, in a node as in a writer."""

    @property
    def settings(self) -> Settings:
        """Who the process is, and where it listens."""
        ...

    @property
    def clock(self) -> Clock:
        """Its time."""
        ...

    @property
    def health(self) -> Health:
        """How its parts fare."""
        ...

    @property
    def readings(self) -> Readings:
        """What its parameters are at, live."""
        ...

    @property
    def request_ids(self) -> RequestIds:
        """Where the ids of requests come from."""
        ...

    @property
    def addresses(self) -> dict[str, tuple[str, int]]:
        """Where each listener ended up, by name."""
        ...


def app_of(
    on: Footing,
    service: str,
    title: str,
    routers: Sequence[Router],
    *,
    meter: Meter | None = None,
    count: Count | None = None,
    limits: KnownLimits | None = None,
    traces: Traces = UNTRACED,
) -> App:
    """Return a service's app: its routes, with the envelope, the refusals and the pages that all services share."""
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
        limits=limits,
        traces=traces,
    )


def health_port(on: Footing, name: str, port: int, *routers: Router) -> Part:
    """Return a port for operators and balancers: health with its figures, and whatever else is given."""
    app = app_of(on, "OPS", "Trinity Beast health", [health_routes(on.health, with_facts=True), *routers])
    server = HttpServer(app, clock=on.clock, refuse=app.refusal_bytes)
    grace = on.readings.of(SHUTDOWN_GRACE_SECONDS)

    async def open_port() -> None:
        on.addresses[name] = (on.settings.bind, await server.listen(on.settings.bind, port))

    return Step(name, up=open_port, down=lambda: server.stop(grace.value))


def engine_of(on: Ground) -> Engine:
    """Return the engine by the settings, its refusals told; nothing listens yet."""
    settings = on.settings
    bounds = EngineBounds(on.readings)
    engine = Engine(
        node=settings.node,
        region=settings.region,
        version=ENVELOPE_VERSION,
        digest_secret=on.server_secret,
        spool_directory=str(on.folder.spool),
        quota_directory=str(on.folder.quotas),
        threads=engine_threads(settings),
        clock=EngineClock.system(),
        limits=bounds.limits(),
    )
    bounds.follow(engine)
    engine.set_refusals([Refusal(*texts) for texts in content.refusals_for_engine()])
    return engine


def engine_parts(on: Ground, engine: Engine, server: HttpServer) -> list[Part]:
    """Return the engine's spool and doors, in the order they open.

    Stopping, it goes backwards: no new connection is taken, what is in flight ends, the spool is sealed.
    """
    grace = on.readings.of(SHUTDOWN_GRACE_SECONDS)
    return [
        Step("engine", up=partial(asyncio.to_thread, engine.spool.recover), down=lambda: asyncio.to_thread(engine.stop, grace.value)),
        Step("handed requests", up=_taking(server, engine), down=lambda: server.stop(grace.value)),
        Step("front door", up=_opening(on, engine), down=partial(asyncio.to_thread, engine.stop_accepting)),
    ]


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
