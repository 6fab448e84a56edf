"""What a node tells operators of those who should not come in."""

from trinity_beast.access import ADMIN_DIGEST, SERVER_SECRET
from trinity_beast.compose.gates import Gates
from trinity_beast.compose.ground import Ground
from trinity_beast.engine import Engine
from trinity_beast.ops import KnownOfIntruders, Security, certificate_looks
from trinity_beast.ops.security.routes import security_routes
from trinity_beast.web import Router


def security_route(on: Ground, engine: Engine, gates: Gates) -> Router:
    """Return the one look at all of it."""
    settings = on.settings
    known = KnownOfIntruders(
        wrong_keys=lambda most: engine.tries.worst(most=most),
        counted=engine.counters.read,
        secrets=lambda: {
            "admin key": None if settings.admin_key else on.folder.secret_since(ADMIN_DIGEST),
            "server secret": None if settings.server_secret else on.folder.secret_since(SERVER_SECRET),
        },
        certificates=lambda: certificate_looks(settings.database_url, settings.cache_url, on.clock.now()),
    )
    security = Security(known, gates.operators, gates.blocklist, gates.leaks, keys=on.keys, clock=on.clock)
    return security_routes(security, operator=gates.operator)
