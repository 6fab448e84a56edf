import pytest

from tests.support.clock import ManualClock
from trinity_beast.clock import SystemClock


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the cache's own time, to the second, until a test moves it."""
    return ManualClock(SystemClock().now().replace(microsecond=0))
