"""The fixtures every test may ask for. Each is documented where it is defined, in `tests/support/`."""

import gc

import pytest
from hypothesis import settings

from tests.support.clock import ManualClock
from tests.support.database import cluster, database, own_database, own_database_url, shared_database_url
from tests.support.ministack import ministack, own_ministack, queue, queue_url
from tests.support.places import any_bin_dir, bin_dir, place, starter
from tests.support.randomness import SeededSecrets
from tests.support.valkey import own_valkey, valkey, valkey_server, valkey_url

__all__ = [
    "any_bin_dir",
    "bin_dir",
    "cluster",
    "database",
    "ministack",
    "own_database",
    "own_database_url",
    "own_ministack",
    "own_valkey",
    "place",
    "queue",
    "queue_url",
    "shared_database_url",
    "starter",
    "valkey",
    "valkey_server",
    "valkey_url",
]

# How long one example takes says how busy the machine is, not whether a promise holds; pytest's own timeout bounds the whole.
# Twenty-five examples keep the whole within a quarter of an hour on two processors; `--hypothesis-profile thorough` tries more.
settings.register_profile("house", deadline=None, max_examples=25)
settings.register_profile("thorough", deadline=None, max_examples=500)
settings.load_profile("house")


def pytest_collection_finish() -> None:
    """Let the collector not look through all that was imported and collected each time: it stays to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def clock() -> ManualClock:
    """A clock that moves only when told."""
    return ManualClock()


@pytest.fixture
def secrets() -> SeededSecrets:
    """Randomness that is the same at every run."""
    return SeededSecrets()
