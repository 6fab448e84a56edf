"""The governor of a node, with the engine's counters played and a real Valkey between two of them."""

from typing import Any

import pytest

from tests.support.clock import ManualClock
from trinity_beast.access import Governor
from trinity_beast.parameters import Readings
from trinity_beast.storage import Valkey


class Played:
    """An engine as the governor sees it."""

    def __init__(self) -> None:
        self.counted = {"governed": 0, "governed_late": 0, "datagrams_overrun": 0, "connections_open": 10}
        self.orders: dict[str, Any] | None = None

    def read(self) -> dict[str, int]:
        return dict(self.counted)

    def obey(self, **orders: Any) -> None:
        self.orders = orders

    def rest(self) -> None:
        self.orders = None

    def answer(self, total: int, *, late: int = 0) -> None:
        self.counted["governed"] += total
        self.counted["governed_late"] += late


def governor_of(engine: Played, clock: ManualClock, readings: Readings, *, node: str = "one", cache: Valkey | None = None) -> Governor:
    return Governor(engine, engine.read, node, lambda: 3, clock=clock, readings=readings, cache=cache)


@pytest.fixture
def readings() -> Readings:
    return Readings()


async def turn(governor: Governor, engine: Played, *, turns: int, late: int = 0) -> None:
    for _ in range(turns):
        engine.answer(100, late=late)
        await governor.turn()


async def test_it_is_off_until_it_is_switched_on_and_lets_go_when_switched_off(clock: ManualClock, readings: Readings) -> None:
    engine = Played()
    governor = governor_of(engine, clock, readings)
    await turn(governor, engine, turns=5, late=100)
    assert engine.orders is None
    readings.turn("adaptive_enabled", True)
    await turn(governor, engine, turns=5, late=100)
    assert engine.orders is not None
    assert engine.orders["level"] > 0
    readings.turn("adaptive_enabled", False)
    await governor.turn()
    assert (engine.orders, governor.level) == (None, 0.0)


async def test_late_answers_raise_the_level_and_datagrams_the_kernel_dropped_count_as_late(clock: ManualClock, readings: Readings) -> None:
    engine = Played()
    governor = governor_of(engine, clock, readings)
    readings.turn("adaptive_enabled", True)
    await turn(governor, engine, turns=10)
    assert governor.level == 0
    for _ in range(10):
        engine.counted["datagrams_overrun"] += 500
        await turn(governor, engine, turns=1)
    assert governor.level > 1


@pytest.mark.parametrize(
    ("knob", "order"),
    [
        (("adaptive_max_concurrent", 1), ("connections_most", 1)),
        (("adaptive_max_concurrent", 1_000_000), ("connections_most", 1_000_000)),
        (("adaptive_late_ms", 0.1), ("late_seconds", 0.0001)),
        (("adaptive_late_ms", 10_000.0), ("late_seconds", 10.0)),
        (("adaptive_throttle_delay_ms", 0), ("delay_seconds", 0.0)),
        (("adaptive_throttle_delay_ms", 10_000), ("delay_seconds", 10.0)),
        (("udp_max_concurrent_lpo", 1), ("datagrams_most", 1)),
        (("udp_max_concurrent_lpo", 1_000_000), ("datagrams_most", 1_000_000)),
    ],
)
async def test_each_knob_reaches_the_engine_at_both_ends(
    clock: ManualClock, readings: Readings, knob: tuple[str, float], order: tuple[str, float]
) -> None:
    engine = Played()
    governor = governor_of(engine, clock, readings)
    readings.turn("adaptive_enabled", True)
    readings.turn(*knob)
    await governor.turn()
    assert engine.orders is not None
    assert engine.orders[order[0]] == pytest.approx(order[1])


async def test_nodes_share_the_ceiling_and_shed_together(clock: ManualClock, readings: Readings, valkey: Valkey) -> None:
    first, second = Played(), Played()
    one, two = governor_of(first, clock, readings, cache=valkey), governor_of(second, clock, readings, node="two", cache=valkey)
    readings.turn("adaptive_enabled", True)
    readings.turn("adaptive_max_concurrent", 900)
    readings.turn("adaptive_success_threshold", 0.6)
    second.counted["connections_open"] = 200
    for _ in range(12):
        await turn(two, second, turns=1, late=100)
        await turn(one, first, turns=1)
    assert first.orders is not None
    assert first.orders["connections_most"] == 700
    assert (one.level, two.level) == (1.0, 2.75), "one keeps up itself, and sheds the cheapest for the others' sake"
    assert await valkey.get("{adaptive:lpo}:total") == b"2000"
    assert int(await valkey.get("{adaptive:lpo}:successes") or 0) == 1000
    assert await valkey.get("{adaptive:lpo}:throttle") == b"1"


async def test_without_the_cache_each_node_keeps_to_its_part(clock: ManualClock, readings: Readings) -> None:
    away, engine = Valkey("valkey://127.0.0.1:1/0", clock=clock), Played()
    governor = governor_of(engine, clock, readings, cache=away)
    readings.turn("adaptive_enabled", True)
    await turn(governor, engine, turns=3)
    assert engine.orders is not None
    assert engine.orders["connections_most"] == 2_000
    await away.close()
