from tests.support.clock import ManualClock
from trinity_beast.access import KeyTries
from trinity_beast.access.parameters import (
    FAILED_KEYS_MAX,
    FAILED_KEYS_PAUSE_SECONDS,
    FAILED_KEYS_WINDOW_SECONDS,
    KEY_GUESSES_PER_SECOND,
)
from trinity_beast.engine import Clock, Engine, Limits
from trinity_beast.parameters import Readings


class Told:
    """Keeps `tries.BoundedTries` by remembering, and passes on to a real engine, which judges the values."""

    def __init__(self) -> None:
        self.bounds: list[tuple[int, float, float]] = []
        self.guesses: list[int] = []
        clock = Clock.manual(10**18, 10**9)
        self._engine = Engine(
            node="n", region="r", version="1", digest_secret=b"s", spool_directory=None, threads=1, clock=clock, limits=Limits()
        )

    def set_bounds(self, *, most: int, window_seconds: float, pause_seconds: float) -> None:
        self._engine.tries.set_bounds(most=most, window_seconds=window_seconds, pause_seconds=pause_seconds)
        self.bounds.append((most, window_seconds, pause_seconds))

    def set_guesses(self, *, per_second: int) -> None:
        self._engine.tries.set_guesses(per_second=per_second)
        self.guesses.append(per_second)


async def test_the_engine_goes_by_the_bounds_in_force_within_a_second(clock: ManualClock) -> None:
    told, readings = Told(), Readings()
    tries = KeyTries(told, readings, clock)
    await tries.start()
    assert (told.bounds, told.guesses) == ([(30, 60.0, 60.0)], [500])
    readings.turn("failed_keys_max", 5)
    readings.turn("failed_keys_pause_seconds", 10.0)
    readings.turn("key_guesses_per_second", 50)
    for _ in range(2):
        await clock.wait_for_sleepers()
        clock.advance(1)
    await clock.wait_for_sleepers()
    assert (told.bounds, told.guesses) == ([(30, 60.0, 60.0), (5, 60.0, 10.0)], [500, 50])
    await tries.stop()


async def test_the_engine_takes_either_end_of_every_range(clock: ManualClock) -> None:
    told, readings = Told(), Readings()
    tries = KeyTries(told, readings, clock)
    for end in ("least", "most"):
        for parameter in (FAILED_KEYS_MAX, FAILED_KEYS_WINDOW_SECONDS, FAILED_KEYS_PAUSE_SECONDS, KEY_GUESSES_PER_SECOND):
            readings.turn(parameter.name, getattr(parameter, end))
        await tries.start()
        await tries.stop()
    assert (told.bounds, told.guesses) == ([(1, 1.0, 1.0), (1_000_000, 86_400.0, 86_400.0)], [1, 500_000])
