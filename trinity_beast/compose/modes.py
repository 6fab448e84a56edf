"""What each `SERVER_TYPE` runs is said here and nowhere else."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from trinity_beast.access import ADMIN_REFUSALS
from trinity_beast.access.routes import admission, key_routes
from trinity_beast.compose.counting import counted_of
from trinity_beast.compose.daily import watch_by_day
from trinity_beast.compose.doors import app_of, engine_of, engine_parts, health_port
from trinity_beast.compose.followers import follow_cache
from trinity_beast.compose.gates import Gates, gates_of
from trinity_beast.compose.ground import Ground
from trinity_beast.compose.guarding import security_route
from trinity_beast.compose.market import market_of, market_parts, market_routes, market_samples
from trinity_beast.compose.metering import metering_of
from trinity_beast.compose.outlets import Outlets
from trinity_beast.compose.parameters import SHUTDOWN_GRACE_SECONDS
from trinity_beast.compose.reporting import reporting_parts
from trinity_beast.compose.upkeep import desk_routes
from trinity_beast.compose.working import working_of
from trinity_beast.engine import Engine
from trinity_beast.exchanges import Exchanges
from trinity_beast.feeds import feed_states, feeds_probe
from trinity_beast.ops.logs.routes import log_routes
from trinity_beast.parameters.routes import parameter_routes
from trinity_beast.parts import Part, Step
from trinity_beast.pricing.routes import price_routes
from trinity_beast.settings import Mode
from trinity_beast.telemetry import Counters, PoolGauges, database_probe, loop_probe, metering_probe
from trinity_beast.telemetry.routes import health_routes, metrics_routes
from trinity_beast.web import HttpServer

BOOT_CHARACTERS = 12
"""Of the name of a life without an engine, which has one of its own."""


@dataclass(frozen=True, slots=True)
class Services:
    """What a node runs: its parts in the order they start, and the engine where it has one."""

    parts: list[Part]
    engine: Engine | None = None


class Entrance:
    """What every service shares: the work done in turn, what is told outside, the engine, its counters, and who is let in.

    The last three are built when they are first asked for.
    """

    def __init__(self, on: Ground) -> None:
        self._on, self.outlets = on, Outlets(on)
        self._sells_prices = price_service in MODES[on.settings.mode]
        self.working = working_of(on, count=self._counted, sells_prices=self._sells_prices)

    @cached_property
    def engine(self) -> Engine:
        """Return the engine, which alone holds buckets and counts; in a node without prices it listens to nobody."""
        return engine_of(self._on)

    @cached_property
    def counters(self) -> Counters:
        """Return what is counted."""
        return Counters(self.engine.counters)

    def _counted(self, name: str) -> None:
        """Count one more of something, in a node that counts."""
        if "counters" in vars(self):
            self.counters.add(name)

    @cached_property
    def gates(self) -> Gates:
        """Return who is let in."""
        return gates_of(self._on, self.engine, self.counters, sells_prices=self._sells_prices)


def services(on: Ground, exchanges: Exchanges) -> Services:
    """Return what the node's mode runs.

    Raises:
        ParameterUnknown: a value was given for a parameter that none of it has.
    """
    entrance = Entrance(on)
    built = [build(on, exchanges, entrance) for build in MODES[on.settings.mode]]
    engines = [each.engine for each in built if each.engine is not None]
    # Parameters first: whatever starts after them finds what is stored in force.
    first: list[Part] = [on.knobs.watch]
    if on.cache is not None:
        first.append(follow_cache(on.readings, on.cache, on.clock))
    # What tells the outside stops after all that is told of.
    tracing, traced = on.tracing.parts(on.readings)
    entrance.outlets.tell(*traced)
    parts = [*first, *tracing, *entrance.outlets.parts(), *entrance.working.parts, *(part for each in built for part in each.parts)]
    on.readings.all_claimed()
    return Services(parts, engines[0] if engines else None)


def price_service(on: Ground, exchanges: Exchanges, entrance: Entrance) -> Services:
    """Return the parts that answer prices (LPO).

    They stop in reverse: no new connection, what is in flight finished, the spool sealed; then the feeds; health last.
    """
    engine, counters, gates = entrance.engine, entrance.counters, entrance.gates
    market = market_of(on, exchanges, engine)
    metering = metering_of(on, engine, counters, gates.operator)
    counted = counted_of(
        on,
        boot=engine.spool.boot,
        counters=counters.contract,
        latencies=counters.latencies,
        feeds=partial(feed_states, market.feeds),
        neighbours=gates.neighbours,
    )
    watch_by_day(on, entrance.working, counted, market, metering)
    entrance.outlets.tell(*market_samples(market), metering.samples, counted.publisher.samples)
    entrance.outlets.prices(counters, market, metering.spread)
    routers = [
        price_routes(market.prices, market.demand, admitted=admission(gates.callers), exchanges=market.feeds.status, count=counters.add),
        key_routes(gates.callers),
        health_routes(on.health, with_facts=False),
        *gates.routers,
        parameter_routes(on.knobs.editor, on.knobs.deployment, on.readings, operator=gates.operator, refused=ADMIN_REFUSALS),
        *market_routes(on, exchanges, market, engine, gates.operator),
        *desk_routes(on, gates.operator),
        *entrance.working.routes(gates.operator),
        *metering.routers,
        *counted.routes(gates.operator),
        security_route(on, engine, gates),
        log_routes(on.logs, boot=engine.spool.boot, operator=gates.operator),
    ]
    app = app_of(
        on,
        "LPO",
        "Trinity Beast prices",
        routers,
        meter=engine.spool,
        count=counters.add,
        limits=gates.callers.known_limits,
        guard=gates.guard,
        traces=on.traces,
    )
    server = HttpServer(app, clock=on.clock, refuse=app.refusal_bytes)
    on.health.register("database", database_probe(on.database))
    on.health.register("feeds", feeds_probe(market.feeds, market.looks))
    on.health.register("prices", market.tallies.finding, is_needed=False)
    on.health.register("metering", metering_probe(counters), is_needed=False)
    on.health.register("event loop", loop_probe(), is_needed=False)
    parts: list[Part] = [
        health_port(on, "price_health", on.settings.price_health_port, metrics_routes(counters, entrance.outlets.samples)),
        counted.publisher,
        *market_parts(on, exchanges, market),
        PoolGauges(on.database, counters, on.clock),
        *gates.parts,
        *metering.parts,
        *engine_parts(on, engine, server),
    ]
    return Services(parts, engine)


def key_service(on: Ground, _exchanges: Exchanges, entrance: Entrance) -> Services:
    """Return the parts that let keys in where no prices are told."""
    counters, gates, grace = entrance.counters, entrance.gates, on.readings.of(SHUTDOWN_GRACE_SECONDS)
    counted = counted_of(on, boot=entrance.engine.spool.boot, counters=counters.contract, neighbours=gates.neighbours)
    entrance.outlets.tell(counted.publisher.samples)
    health = health_port(on, "report_health", on.settings.report_health_port, metrics_routes(counters, entrance.outlets.samples))
    # Listening to nobody, the engine is not started, but it is stopped.
    engine = Step("engine", down=lambda: asyncio.to_thread(entrance.engine.stop, grace.value))
    return Services([health, counted.publisher, PoolGauges(on.database, counters, on.clock), engine, *gates.parts])


def report_service(on: Ground, _exchanges: Exchanges, entrance: Entrance) -> Services:
    """Return the parts that answer reports (LRS)."""
    on.health.register("database", database_probe(on.database))
    blocklist = entrance.engine.blocklist
    return Services(reporting_parts(on, entrance.gates, blocklist, entrance.counters, entrance.outlets))


def report_health_service(on: Ground, _exchanges: Exchanges, _entrance: Entrance) -> Services:
    """Return the health of reports, where it has a port beside that of prices."""
    return Services([health_port(on, "report_health", on.settings.report_health_port)])


def push_service(on: Ground, _exchanges: Exchanges, _entrance: Entrance) -> Services:
    """Return the parts that push prices to webhooks: for now, their health."""
    on.health.register("database", database_probe(on.database))
    counted = counted_of(on, boot=on.secrets.base62(BOOT_CHARACTERS))
    health = health_port(on, "push_health", on.settings.push_health_port, metrics_routes(None, counted.publisher.samples))
    return Services([health, counted.publisher])


MODES: Mapping[Mode, Sequence[Callable[[Ground, Exchanges, Entrance], Services]]] = {
    Mode.APP_SERVER: (price_service,),
    Mode.REPORT_SERVER: (key_service, report_service),
    Mode.APP_REPORT_SERVER: (report_health_service, price_service, report_service),
    Mode.WEBHOOK_SERVER: (push_service,),
}
