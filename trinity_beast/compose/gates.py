"""Who may come in: callers by their keys, operators by the admin key."""

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
    KeyTries,
    LastUses,
    Leaks,
    Ledger,
    Operators,
    QuotaAlerts,
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
from trinity_beast.parts import Part
from trinity_beast.storage import Broadcasts, Notices
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


def gates_of(on: Ground, engine: Engine, counters: Counters) -> Gates:
    """Return the access side of a node with this engine."""
    gate = EngineGate(engine.keys)
    lately = ChangedLately()
    shared = None if on.cache is None else SharedKeys(on.keys, on.cache, on.digests, lately, on.clock)
    doorman = Doorman(gate, engine.questions, shared or on.keys, on.clock)
    broadcasts = None if on.cache is None else Broadcasts(on.settings.cache_url, [KEY_BROADCASTS], on.clock)
    operator = operation(Operators(on.admin_key.key, on.clock, count=counters.add))
    busiest = Busiest(gate, on.clock)
    leaks = Leaks(on.database, on.digests, on.clock, on.told)
    blocklist = Blocklist(on.database, on.clock)
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
        ],
        parts=[
            BlocklistWatch(blocklist, Notices(on.database.url, BLOCKLIST_CHANNEL, on.clock), engine.blocklist, on.clock),
            KeyTries(engine.tries, on.readings, on.clock),
            doorman,
            ChangeWatch(on.keys, Notices(on.database.url, CHANNEL, on.clock), doorman, on.clock, broadcasts=broadcasts, lately=lately),
            Ledger(gate, doorman.roll, on.keys, on.clock),
            LastUses(gate, on.keys, on.clock),
            busiest,
        ],
    )
