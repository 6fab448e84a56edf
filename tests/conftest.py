"""The fixtures every test may ask for. Each is documented where it is defined, in `tests/support/`."""

import pytest

from tests.support.clock import ManualClock
from tests.support.database import cluster, database, own_database, own_database_url, shared_database_url
from tests.support.randomness import SeededSecrets

__all__ = ["cluster", "database", "own_database", "own_database_url", "shared_database_url"]


@pytest.fixture
def clock() -> ManualClock:
    """A clock that moves only when told."""
    return ManualClock()


@pytest.fixture
def secrets() -> SeededSecrets:
    """Randomness that is the same at every run."""
    return SeededSecrets()
