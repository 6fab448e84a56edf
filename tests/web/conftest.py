import asyncio
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import uvloop

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Iterator[Run]:
    """Run a coroutine on either loop, and fail where it leaves a task behind."""
    with asyncio.Runner(loop_factory=request.param) as runner:

        async def bounded(work: Coroutine[Any, Any, None]) -> None:
            async with asyncio.timeout(60):
                await work
            left = asyncio.all_tasks() - {asyncio.current_task()}
            # A client library may still be folding up; whatever needs longer was forgotten.
            _, forgotten = await asyncio.wait(left, timeout=1) if left else (left, left)
            assert not forgotten, forgotten

        yield lambda work: runner.run(bounded(work))
