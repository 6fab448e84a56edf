"""A desk over a real database."""

import pytest

from tests.ops.consoles.asking import DIGESTS
from tests.support.randomness import SeededSecrets
from trinity_beast.access import Keys
from trinity_beast.clock import SystemClock
from trinity_beast.ops import Confirmations, SqlDesk, passwords_of
from trinity_beast.storage import (
    Database,
    LesserRoles,
)


@pytest.fixture
def roles(own_database: Database) -> LesserRoles:
    return LesserRoles(own_database, passwords_of(DIGESTS.derived))


@pytest.fixture
async def desk(own_database: Database, roles: LesserRoles) -> SqlDesk:
    """A desk over a database with a few keys in it."""
    keys = Keys(own_database, DIGESTS, SystemClock(), SeededSecrets())
    for name in ("one", "two", "three"):
        await keys.issue("pro", name)
    return SqlDesk(own_database, roles, Confirmations(SeededSecrets(), SystemClock()), SystemClock())
