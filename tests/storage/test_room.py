"""A bound that is turned while it is in use: never more inside than may be, and nobody forgotten."""

import asyncio
from contextlib import AsyncExitStack

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.storage.room import Room

TURNS = 5


async def settled() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)


async def test_narrowed_it_sends_nobody_out_and_widened_it_lets_the_next_in() -> None:
    room, entered = Room(2), []

    async def visit(number: int, leave: asyncio.Event) -> None:
        async with room:
            entered.append(number)
            await leave.wait()

    leaves = [asyncio.Event() for _ in range(5)]
    visits = [asyncio.create_task(visit(number, leave)) for number, leave in enumerate(leaves)]
    await settled()
    assert (entered, room.is_full) == ([0, 1], True)
    room.resize(1)
    leaves[0].set()
    await settled()
    assert entered == [0, 1]
    room.resize(3)
    await settled()
    assert entered == [0, 1, 2, 3]
    for leave in leaves:
        leave.set()
    await asyncio.gather(*visits)
    assert not room.is_full


async def test_one_that_is_called_away_leaves_its_turn_to_the_next() -> None:
    room = Room(1)
    async with AsyncExitStack() as held:
        await held.enter_async_context(room)
        waiting = [asyncio.create_task(_in_and_out(room)) for _ in range(3)]
        await settled()
        waiting[0].cancel()
    waiting[1].cancel()  # It has its turn by now, and was not yet told.
    assert await asyncio.gather(*waiting, return_exceptions=True) == [*_cancelled(waiting[:2]), None]
    assert not room.is_full


@given(st.lists(st.sampled_from(["come", "leave", "cancel", "1", "2", "3"]), max_size=40))
def test_there_are_never_more_inside_than_may_be_but_those_who_were_there(deeds: list[str]) -> None:
    asyncio.run(_lived(deeds))


async def _lived(deeds: list[str]) -> None:
    room, most, inside, entered_while = Room(2), 2, 0, []
    leave = asyncio.Condition()
    visits: list[asyncio.Task[None]] = []

    async def visit() -> None:
        nonlocal inside
        async with room:
            inside += 1
            entered_while.append((inside, most))
            try:
                async with leave:
                    await leave.wait()
            finally:
                inside -= 1

    for deed in deeds:
        if deed == "come":
            visits.append(asyncio.create_task(visit()))
        elif deed == "cancel" and visits:
            visits[len(visits) // 2].cancel()
        elif deed == "leave":
            async with leave:
                leave.notify(1)
        elif deed.isdigit():
            most = int(deed)
            room.resize(most)
        await settled()
    assert all(count <= bound for count, bound in entered_while)
    for each in visits:
        each.cancel()
    await asyncio.gather(*visits, return_exceptions=True)
    assert (inside, room.is_full) == (0, False)


async def _in_and_out(room: Room) -> None:
    async with room:
        return


def _cancelled(tasks: list[asyncio.Task[None]]) -> list[object]:
    return [task.exception() if not task.cancelled() else _AnyCancelled() for task in tasks]


class _AnyCancelled:
    def __eq__(self, other: object) -> bool:
        return isinstance(other, asyncio.CancelledError)

    def __hash__(self) -> int:
        return 0
