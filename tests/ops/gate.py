"""What lets operators in, for the routes of a test."""

from tests.support.admin import ADMIN_SECRET
from trinity_beast.access import AdminKey, Digests, Operators
from trinity_beast.access.routes import Operated, operation
from trinity_beast.clock import SystemClock
from trinity_beast.parameters import Readings

DIGESTS = Digests(bytes(range(32)))


def operators(readings: Readings | None = None) -> Operators:
    """A gate that opens to the key of `tests.support.admin`."""
    return Operators(AdminKey(DIGESTS, DIGESTS.digest_of(ADMIN_SECRET)), SystemClock(), readings=readings)


def operator() -> Operated:
    """The dependency of routes behind that gate."""
    return operation(operators())
