"""Who may come in: callers by their keys, operators by the admin key."""

from dataclasses import dataclass

from trinity_beast.access import (
    BLOCKLIST_CHANNEL,
    CHANNEL,
    Blocklist,
    BlocklistWatch,
    Callers,
    ChangeWatch,
    Doorman,
    EngineGate,
    KeyTries,
    Ledger,
    Operators,
    QuotaAlerts,
)
from trinity_beast.access.alerts.routes import alert_routes
from trinity_beast.access.blocklist.routes import blocklist_routes
from trinity_beast.access.routes import Operated, operation
from trinity_beast.compose.ground import Ground
from trinity_beast.engine import Engine
from trinity_beast.parts import Part
from trinity_beast.storage import Notices
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
    doorman = Doorman(gate, engine.questions, on.keys, on.clock)
    operator = operation(Operators(on.admin_key.key, on.clock, count=counters.add))
    blocklist = Blocklist(on.database, on.clock)
    return Gates(
        callers=Callers(engine.keys, doorman, count=counters.add),
        operator=operator,
        routers=[
            blocklist_routes(blocklist, operator=operator, clock=on.clock),
            alert_routes(QuotaAlerts(on.database), operator=operator),
        ],
        parts=[
            BlocklistWatch(blocklist, Notices(on.database.url, BLOCKLIST_CHANNEL, on.clock), engine.blocklist, on.clock),
            KeyTries(engine.tries, on.readings, on.clock),
            doorman,
            ChangeWatch(on.keys, Notices(on.database.url, CHANNEL, on.clock), doorman, on.clock),
            Ledger(gate, doorman.roll, on.keys, on.clock),
        ],
    )
