"""Who may come in: callers by their keys, operators by the admin key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trinity_beast.access import (
    BLOCKLIST_CHANNEL,
    CHANNEL,
    KEY_BROADCASTS,
    Accounts,
    Blocklist,
    BlocklistWatch,
    Busiest,
    Callers,
    ChangedLately,
    ChangeWatch,
    Doorman,
    EngineGate,
    Governor,
    KeyTries,
    LastUses,
    Leaks,
    LeaseExchange,
    LeaseSize,
    Membership,
    Operators,
    QuotaAlerts,
    QuotaBlocks,
    SharedKeys,
)
from trinity_beast.access.admin.routes import key_admin_routes, trail_routes
from trinity_beast.access.alerts.routes import alert_routes
from trinity_beast.access.blocklist.routes import blocklist_routes
from trinity_beast.access.busiest.routes import busiest_routes
from trinity_beast.access.leaks.routes import leak_admin_routes, leak_routes
from trinity_beast.access.routes import Operated, operation
from trinity_beast.access.tiers.routes import tier_routes
from trinity_beast.audit import Audit
from trinity_beast.compose.ground import Ground
from trinity_beast.engine import Engine
from trinity_beast.parts import Part, Step
from trinity_beast.storage import Broadcasts, Notices, Valkey
from trinity_beast.stress import StressReports
from trinity_beast.stress.kept.routes import stress_routes
from trinity_beast.telemetry import Counters
from trinity_beast.web import Router


@dataclass(frozen=True, slots=True)
class Gates:
    """The access side, built; nothing runs yet."""

    callers: Callers
    operator: Operated
    """What every route under `/admin` declares."""
    routers: list[Router]
    """What operators ask about callers."""
    parts: list[Part]
    """What runs, in the order it starts."""
    operators: Operators
    blocklist: Blocklist
    leaks: Leaks
    neighbours: Callable[[], Mapping[str, str]]
    """The nodes that are alive by the database, name by id, as they were last seen."""


def gates_of(on: Ground, engine: Engine, counters: Counters, *, sells_prices: bool = True) -> Gates:
    """Return the access side of a node with this engine. Only one that `sells_prices` takes units of months out of the store."""
    gate = EngineGate(engine.keys)
    node_id, lately = on.node_id, ChangedLately()
    shared = None if on.cache is None else SharedKeys(on.keys, on.cache, on.digests, lately, on.clock, readings=on.readings)
    blocks = QuotaBlocks(engine.quotas, shared or on.keys, on.database, node_id, on.clock, admitted=lambda: doorman.roll)
    doorman = Doorman(gate, engine.questions, blocks if sells_prices else shared or on.keys, on.clock)
    membership = Membership(on.database, node_id, on.settings.node, on.clock, on.readings)
    broadcasts = None if on.cache is None else Broadcasts(on.settings.cache_url, [KEY_BROADCASTS], on.clock)
    operators = Operators(on.admin_key.key, on.clock, count=counters.add, readings=on.readings)
    operator = operation(operators)
    busiest = Busiest(gate, on.clock)
    leaks = Leaks(on.database, on.digests, on.clock, on.told, readings=on.readings)
    blocklist = Blocklist(on.database, on.clock, readings=on.readings)
    block_notices, key_notices = (Notices(on.database.url, each, on.clock) for each in (BLOCKLIST_CHANNEL, CHANNEL))
    return Gates(
        callers=Callers(engine.keys, doorman, tries=engine.tries, count=counters.add),
        operator=operator,
        routers=[
            busiest_routes(busiest, on.keys, operator=operator),
            key_admin_routes(on.keys, Accounts(on.database, on.clock, on.secrets), operator=operator, clock=on.clock),
            tier_routes(on.tiers, operator=operator),
            trail_routes(Audit(on.database), operator=operator),
            leak_routes(leaks),
            leak_admin_routes(leaks, operator=operator),
            blocklist_routes(blocklist, operator=operator, clock=on.clock),
            alert_routes(QuotaAlerts(on.database), operator=operator),
            stress_routes(StressReports(on.database, on.clock), operator=operator),
        ],
        parts=[
            membership,
            *_shared_limits(on, engine, node_id, membership),
            BlocklistWatch(blocklist, block_notices, engine.blocklist, on.clock, readings=on.readings),
            KeyTries(engine.tries, on.readings, on.clock),
            *([blocks] if sells_prices else []),
            doorman,
            ChangeWatch(on.keys, key_notices, doorman, on.clock, broadcasts=broadcasts, lately=lately, readings=on.readings),
            LastUses(gate, on.keys, on.clock, readings=on.readings),
            busiest,
        ],
        operators=operators,
        blocklist=blocklist,
        leaks=leaks,
        neighbours=lambda: {fellow.node_id: fellow.name for fellow in membership.fellows},
    )


def _shared_limits(on: Ground, engine: Engine, node_id: str, membership: Membership) -> list[Part]:
    """Return what keeps rates together over nodes, and load in bounds. Without a shared cache a node is alone, and exact."""
    # A way of its own: what limits wait for waits behind nobody's prices.
    cache = Valkey(on.settings.cache_url, clock=on.clock, dice=on.dice, connections_max=2) if on.settings.cache_url else None
    governor = Governor(
        engine.governor,
        engine.counters.read,
        node_id,
        lambda: membership.fellowship().nodes,
        clock=on.clock,
        readings=on.readings,
        cache=cache,
    )
    if cache is None:
        return [governor]
    exchange = LeaseExchange(engine.leases, cache, node_id, membership.fellowship, on.clock, size=LeaseSize(on.readings))
    return [Step("limits cache", down=cache.close), exchange, governor]
