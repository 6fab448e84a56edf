"""What a node holds is asked again where the node is late to tell, but not for ever."""

import asyncio

import pytest

from tests.support.clock import ManualClock
from trinity_beast.rehearsal.errors import RehearsalBroken
from trinity_beast.rehearsal.vitals import AGAIN_SECONDS, TRIES_MAX, told_at_last


class LateNode:
    """Tells its tasks once it was asked often enough."""

    def __init__(self, misses: int) -> None:
        self.misses = misses

    async def tasks(self) -> int:
        self.misses -= 1
        if self.misses >= 0:
            raise RehearsalBroken(reason="late")
        return 52


async def asked(node: LateNode, clock: ManualClock) -> int:
    asking = asyncio.create_task(told_at_last(node.tasks, clock))
    for _ in range(TRIES_MAX):
        await clock.let_pass(AGAIN_SECONDS)
    return await asyncio.wait_for(asking, 5)


@pytest.mark.parametrize("misses", [0, 1, TRIES_MAX - 1])
async def test_a_node_that_is_late_is_asked_again(misses: int) -> None:
    assert await asked(LateNode(misses), ManualClock()) == 52


async def test_a_node_that_never_tells_is_given_up() -> None:
    with pytest.raises(RehearsalBroken):
        await asked(LateNode(TRIES_MAX), ManualClock())
