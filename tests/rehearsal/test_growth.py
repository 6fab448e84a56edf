import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.rehearsal.growth import BOUNDS, MIB, Growth, Vitals, growths, slope

STILL = Vitals(0, 150 * MIB, 12, 60, 40, 5)
HOUR = [replace(STILL, seconds=seconds * 10.0) for seconds in range(361)]


def judged(measured: list[Vitals]) -> dict[str, Growth]:
    return {growth.name: growth for growth in growths(measured)}


def test_what_stands_still_does_not_grow() -> None:
    assert {name: growth.is_growing for name, growth in judged(HOUR).items()} == dict.fromkeys(BOUNDS, False)


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize("times", [1.2, 5.0])
def test_a_slow_leak_of_anything_is_found(name: str, times: float) -> None:
    leaking = [replace(each, **{name: round(getattr(each, name) + BOUNDS[name] * times * each.seconds / 3_600)}) for each in HOUR]
    growing = {found.name for found in growths(leaking) if found.is_growing}
    assert growing == {name}


@pytest.mark.parametrize("name", BOUNDS)
def test_what_grows_within_the_bound_is_let_pass(name: str) -> None:
    creeping = [replace(each, **{name: round(getattr(each, name) + BOUNDS[name] * 0.5 * each.seconds / 3_600)}) for each in HOUR]
    assert not judged(creeping)[name].is_growing


def test_a_leak_within_noise_is_found() -> None:
    dice = random.Random(7)  # noqa: S311 - It makes measurements up.
    noisy = [replace(each, tasks=round(60 + dice.uniform(-25, 25) + 24 * each.seconds / 3_600)) for each in HOUR]
    assert judged(noisy)["tasks"].is_growing


def test_what_comes_and_goes_does_not_grow() -> None:
    dice = random.Random(7)  # noqa: S311 - It makes measurements up.
    swinging = [replace(each, sockets=40 + dice.randint(-6, 6), memory_bytes=(150 + dice.randint(-8, 8)) * MIB) for each in HOUR]
    assert not any(growth.is_growing for growth in growths(swinging))


@given(seed=st.integers(0, 10_000))
def test_what_swings_widely_is_hardly_ever_taken_for_growth(seed: int) -> None:
    falsely = 0
    for number in range(10):
        dice = random.Random(f"{seed} {number}")  # noqa: S311 - It makes measurements up.
        swinging = [replace(each, tasks=70 + dice.randint(-30, 60)) for each in HOUR]
        falsely += judged(swinging)["tasks"].is_growing
    assert falsely <= 2


def pooled(seed: object, *, leak: float = 0) -> list[Vitals]:
    """An hour of a pool that fills with a fault and empties in minutes, and so many sockets lost in it."""
    dice, held, measured = random.Random(str(seed)), 0.0, []  # noqa: S311 - It makes measurements up.
    for each in HOUR:
        held = held * 0.9 + (dice.uniform(3, 9) if dice.random() < 0.1 else 0)
        measured.append(replace(each, sockets=round(29 + held + leak * each.seconds / 3_600)))
    return measured


@given(seed=st.integers(0, 10_000))
def test_a_pool_that_fills_and_empties_slowly_is_hardly_ever_taken_for_growth(seed: int) -> None:
    assert sum(judged(pooled((seed, number)))["sockets"].is_growing for number in range(10)) <= 2


@given(seed=st.integers(0, 10_000))
def test_what_is_lost_beside_such_a_pool_is_found(seed: int) -> None:
    assert sum(judged(pooled((seed, number), leak=18))["sockets"].is_growing for number in range(10)) >= 9


def test_the_warm_up_is_left_out() -> None:
    warming = [replace(each, memory_bytes=round(min(100 + each.seconds / 9, 200)) * MIB) for each in HOUR]
    assert not judged(warming)["memory_bytes"].is_growing


def test_one_peak_at_the_end_is_no_growth() -> None:
    assert not any(growth.is_growing for growth in growths([*HOUR[:-1], replace(HOUR[-1], sockets=400, tasks=900)]))


@pytest.mark.parametrize("count", [0, 1, 9])
def test_too_few_measurements_say_nothing(count: int) -> None:
    assert growths(HOUR[:count]) == []


@given(
    per_second=st.floats(-1e3, 1e3),
    start=st.floats(-1e6, 1e6),
    times=st.lists(st.integers(0, 10_000), min_size=2, max_size=50, unique=True),
)  # fmt: skip
def test_a_straight_line_has_its_own_slope(per_second: float, start: float, times: list[int]) -> None:
    assert slope(times, [start + per_second * time for time in times]) == pytest.approx(per_second, rel=1e-5, abs=1e-5)


def test_one_moment_has_no_slope() -> None:
    assert slope([5, 5], [1, 9]) == 0
