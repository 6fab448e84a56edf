"""What an operator turns of access changes what happens, at both ends of its range."""

import asyncio
from collections.abc import Callable

import pytest

from tests.support.clock import ManualClock
from trinity_beast.access import AdminKey, AdminKeyWrong, AdminTriesSpent, Digests, Keys, LastUses, Operators
from trinity_beast.access.blocklist import Blocklist
from trinity_beast.access.blocklist.errors import BlocklistFull
from trinity_beast.access.leaks.pace import Pace
from trinity_beast.access.parameters import (
    ADMIN_TRIES_MAX,
    ADMIN_TRIES_WINDOW_SECONDS,
    KEY_USE_WRITE_SECONDS,
)
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database

HERE = "127.0.0.1"


@pytest.fixture
def readings() -> Readings:
    return Readings()


@pytest.fixture
def operators(digests: Digests, clock: ManualClock, readings: Readings) -> Operators:
    return Operators(AdminKey(digests, digests.digest_of("right")), clock, readings=readings)


def guesses(operators: Operators, most: int) -> int:
    """Guess until nobody listens any more; return how many keys were looked at."""
    for number in range(most):
        try:
            operators.admit("a guess", address=HERE)
        except AdminTriesSpent:
            return number
        except AdminKeyWrong:
            continue
    return most


@pytest.mark.parametrize("tries", [ADMIN_TRIES_MAX.least, 10_000])
def test_so_many_wrong_admin_keys_are_looked_at(operators: Operators, readings: Readings, tries: int) -> None:
    readings.turn("admin_tries_max", tries)
    assert guesses(operators, tries + 1) == tries


@pytest.mark.parametrize("seconds", [ADMIN_TRIES_WINDOW_SECONDS.least, ADMIN_TRIES_WINDOW_SECONDS.most])
def test_an_address_is_listened_to_again_after_so_long(
    operators: Operators, readings: Readings, clock: ManualClock, seconds: float
) -> None:
    readings.turn("admin_tries_window_seconds", seconds)
    guesses(operators, 100)
    clock.advance(seconds - 0.5)
    with pytest.raises(AdminTriesSpent):
        operators.admit("right", address=HERE)
    clock.advance(0.5)
    assert operators.admit("right", address=HERE).address == HERE


@pytest.mark.parametrize("most", [1, 3])
async def test_so_many_blocks_may_stand(database: Database, clock: ManualClock, readings: Readings, most: int) -> None:
    blocklist = Blocklist(database, clock, readings=readings)
    readings.turn("blocklist_blocks_max", most)
    for number in range(most):
        await blocklist.block(f"192.0.2.{number}", reason="a test", by="Ada")
    with pytest.raises(BlocklistFull):
        await blocklist.block("198.51.100.1", reason="a test", by="Ada")
    readings.turn("blocklist_blocks_max", 1_000_000)
    await blocklist.block("198.51.100.1", reason="a test", by="Ada")


@pytest.mark.parametrize("most", [1, 1_000])
def test_so_much_is_listened_to_in_a_minute(clock: ManualClock, most: int) -> None:
    pace = Pace(clock, most=lambda: most, window_seconds=60)
    for _ in range(most):
        assert pace.wait_seconds("one") == 0
        pace.note("one")
    assert pace.wait_seconds("one") == 60


@pytest.mark.parametrize("seconds", [KEY_USE_WRITE_SECONDS.least, KEY_USE_WRITE_SECONDS.most])
async def test_uses_are_written_down_so_often(keys: Keys, clock: ManualClock, readings: Readings, seconds: float) -> None:
    asked: list[int] = []

    class Counts:
        def used_since(self, monotonic_ns: int) -> list[object]:
            asked.append(monotonic_ns)
            return []

    part = LastUses(Counts(), keys, clock, readings=readings)  # type: ignore[arg-type]  # Nobody is told of.
    readings.turn("key_use_write_seconds", seconds)
    await part.start()
    await clock.wait_for_sleepers(1)
    clock.advance(seconds - 0.5)
    assert asked == []
    clock.advance(0.5)
    await _until(lambda: len(asked) == 1)
    await part.stop()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - What is waited for has no event.
            await asyncio.sleep(0)
