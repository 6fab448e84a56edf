"""Parameters of a small program, stored in a database of their own, and a node that is asked about them."""

from collections.abc import AsyncIterator

import pytest

from tests.support.admin import ADMIN_SECRET, Admin
from tests.web.serving import serving, small_app
from trinity_beast.access import ADMIN_REFUSALS, AdminKey, Digests, Operators
from trinity_beast.access.admin.routes import trail_routes
from trinity_beast.access.routes import operation
from trinity_beast.audit import Audit
from trinity_beast.clock import SystemClock
from trinity_beast.parameters import (
    CHANNEL,
    Declarations,
    Deployment,
    Parameter,
    ParameterEditor,
    ParameterWatch,
    Readings,
    ThisNode,
    not_above,
)
from trinity_beast.parameters.parameters import REFRESH_SECONDS
from trinity_beast.parameters.routes import parameter_routes
from trinity_beast.storage import Database, Notices

LEAST = Parameter("window_min", group="windows", unit="s", default=5.0, least=1.0, most=100.0, help="The least.")
MOST = Parameter("window_max", group="windows", unit="s", default=45.0, least=1.0, most=100.0, help="The most.")
LIMIT = Parameter("limit", group="limits", unit="requests", default=10, least=1, most=1_000, help="How many.")


@pytest.fixture
def declared() -> Declarations:
    return Declarations([LEAST, MOST, LIMIT, REFRESH_SECONDS], [not_above(LEAST, MOST)])


@pytest.fixture
def editor(own_database: Database, declared: Declarations) -> ParameterEditor:
    return ParameterEditor(own_database, declared)


@pytest.fixture
def readings() -> Readings:
    readings = Readings({"window_max": "50"})
    readings.of(LIMIT)
    readings.of(MOST)
    return readings


@pytest.fixture
async def admin(own_database: Database, declared: Declarations, editor: ParameterEditor, readings: Readings) -> AsyncIterator[Admin]:
    clock, digests = SystemClock(), Digests(bytes(range(32)))
    operator = operation(Operators(AdminKey(digests, digests.digest_of(ADMIN_SECRET)), clock))
    notices = Notices(own_database.url, CHANNEL, clock)
    watch = ParameterWatch(own_database, notices, declared, readings, node=ThisNode("id of one", "one"), clock=clock)
    deployment = Deployment(own_database, editor, watch, clock=clock, readings=readings)
    routers = [
        parameter_routes(editor, deployment, readings, operator=operator, refused=ADMIN_REFUSALS),
        trail_routes(Audit(own_database), operator=operator),
    ]
    async with serving(small_app(routers)) as port:
        yield Admin(port)
