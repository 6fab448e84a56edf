"""The desks of a node: what an operator may ask of its database and its shared cache."""

from trinity_beast.access.routes import Operated
from trinity_beast.compose.ground import Ground
from trinity_beast.ops import CacheDesk, Confirmations, SqlDesk, passwords_of
from trinity_beast.ops.consoles.routes import console_routes
from trinity_beast.storage import LesserRoles
from trinity_beast.web import Router


def desk_routes(on: Ground, operator: Operated) -> list[Router]:
    """Return the consoles. What they need in the database is made when the first question comes."""
    roles = LesserRoles(on.database, passwords_of(on.digests.derived))
    sql = SqlDesk(on.database, roles, Confirmations(on.secrets, on.clock), on.clock)
    return [console_routes(sql, CacheDesk(on.database, on.cache, on.clock), operator=operator)]
