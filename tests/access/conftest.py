"""The parts of access, joined over a real database."""

import pytest

from tests.support.clock import ManualClock
from tests.support.randomness import SeededSecrets
from trinity_beast.access import Digests, Keys
from trinity_beast.storage import Database


@pytest.fixture
def digests() -> Digests:
    return Digests(bytes(range(32)))


@pytest.fixture
def keys(database: Database, digests: Digests, clock: ManualClock, secrets: SeededSecrets) -> Keys:
    """Keys in a database that forgets the test."""
    return Keys(database, digests, clock, secrets)


@pytest.fixture
def own_keys(own_database: Database, digests: Digests, clock: ManualClock, secrets: SeededSecrets) -> Keys:
    """Keys in a database of the test's own, whose commits others hear of."""
    return Keys(own_database, digests, clock, secrets)
