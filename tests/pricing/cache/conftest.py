from collections.abc import AsyncIterator

import pytest

from tests.support.clock import ManualClock
from tests.support.valkey import ANSWER_SECONDS, ValkeyServerOfATest
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Valkey


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the cache's own time, to the second, until a test moves it."""
    return ManualClock(SystemClock().now().replace(microsecond=0))


@pytest.fixture
async def cache(own_valkey: ValkeyServerOfATest, clock: ManualClock) -> AsyncIterator[Valkey]:
    """The way to a Valkey that may be killed; its pauses pass on the test's clock."""
    client = Valkey(own_valkey.url, clock=clock, connect_seconds=ANSWER_SECONDS, command_seconds=ANSWER_SECONDS)
    yield client
    await client.close()
