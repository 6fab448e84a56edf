"""The admin API of keys and tiers on a port of its own, over a real database, spoken to as an operator."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.admin import ADMIN_SECRET, Admin
from tests.web.serving import serving, small_app
from trinity_beast.access import Accounts, AdminKey, Busiest, Digests, Keys, Operators, Tiers
from trinity_beast.access.admin.routes import key_admin_routes, trail_routes
from trinity_beast.access.busiest.routes import busiest_routes
from trinity_beast.access.gate import CountsUse
from trinity_beast.access.routes import operation
from trinity_beast.access.tiers.routes import tier_routes
from trinity_beast.audit import Audit
from trinity_beast.clock import Clock, SystemClock
from trinity_beast.randomness import SystemSecrets
from trinity_beast.storage import Database


@asynccontextmanager
async def key_admin_api(database: Database, keys: Keys, counts: CountsUse, clock: Clock) -> AsyncIterator[Admin]:
    """Serve the admin API for the length of a block."""
    digests = Digests(bytes(range(32)))
    operator = operation(Operators(AdminKey(digests, digests.digest_of(ADMIN_SECRET)), SystemClock()))
    routers = [
        busiest_routes(Busiest(counts, clock), keys, operator=operator),
        key_admin_routes(keys, Accounts(database, clock, SystemSecrets()), operator=operator, clock=clock),
        tier_routes(Tiers(database), operator=operator),
        trail_routes(Audit(database), operator=operator),
    ]
    async with serving(small_app(routers)) as port:
        yield Admin(port)
