"""The keys that ask most, over a minute that moves."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.clock import ManualClock
from trinity_beast.access import Busiest
from trinity_beast.access.busiest import BusyKey


@dataclass(frozen=True)
class Used:
    key_id: int
    granted: int
    refused: int
    last_used_ns: int = 0


class Counts:
    def __init__(self) -> None:
        self.used: dict[int, Used] = {}

    def ask(self, key_id: int, granted: int, refused: int = 0) -> None:
        before = self.used.get(key_id, Used(key_id, 0, 0))
        self.used[key_id] = Used(key_id, before.granted + granted, before.refused + refused)

    def used_since(self, _monotonic_ns: int) -> Sequence[Used]:
        return list(self.used.values())


async def test_keys_are_ranked_by_what_they_asked_granted_or_not(clock: ManualClock) -> None:
    counts = Counts()
    busiest = Busiest(counts, clock)
    counts.ask(1, 10)
    counts.ask(2, 1, 50)
    clock.advance(2)
    window = busiest.window(10)
    assert (window.seconds, window.keys, window.busiest) == (2.0, 2, [BusyKey(2, 1, 50), BusyKey(1, 10, 0)])
    assert busiest.window(1).busiest == [BusyKey(2, 1, 50)]


async def test_what_was_asked_more_than_a_minute_ago_is_told_no_more(clock: ManualClock) -> None:
    counts = Counts()
    busiest = Busiest(counts, clock)
    await busiest.start()
    counts.ask(1, 10)
    for _ in range(13):
        await clock.wait_for_sleepers(1)
        clock.advance(5)
    await clock.wait_for_sleepers(1)
    counts.ask(2, 3)
    window = busiest.window(10)
    await busiest.stop()
    assert window.busiest == [BusyKey(2, 3, 0)]
    assert 55.0 <= window.seconds <= 60.0


async def test_looking_often_does_not_shorten_the_minute(clock: ManualClock) -> None:
    counts = Counts()
    busiest = Busiest(counts, clock)
    for _ in range(50):
        counts.ask(1, 1)
        clock.advance(1)
        busiest.window(1)
    assert (busiest.window(1).seconds, busiest.window(1).busiest) == (50.0, [BusyKey(1, 50, 0)])


async def test_a_key_that_was_forgotten_and_let_in_anew_counts_from_there(clock: ManualClock) -> None:
    counts = Counts()
    busiest = Busiest(counts, clock)
    counts.ask(1, 100)
    busiest.window(1)
    counts.used = {1: Used(1, 4, 0)}
    clock.advance(1)
    assert busiest.window(1).busiest == [BusyKey(1, 104, 0)]


async def test_nobody_asking_is_told_so(clock: ManualClock) -> None:
    assert Busiest(Counts(), clock).window(5).busiest == []
