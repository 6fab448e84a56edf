"""The fixtures every test may ask for. Each is documented where it is defined, in `tests/support/`."""

import pytest
from hypothesis import settings

from tests.support.clock import ManualClock
from tests.support.database import cluster, database, own_database, own_database_url, shared_database_url
from tests.support.randomness import SeededSecrets

__all__ = ["cluster", "database", "own_database", "own_database_url", "shared_database_url"]

# How long one example takes says how busy the machine is, not whether a promise holds; pytest's own timeout bounds the whole.
settings.register_profile("house", deadline=None)
settings.load_profile("house")


@pytest.fixture
def clock() -> ManualClock:
    """A clock that moves only when told."""
    return ManualClock()


@pytest.fixture
def secrets() -> SeededSecrets:
    """Randomness that is the same at every run."""
    return SeededSecrets()
