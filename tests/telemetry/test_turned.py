"""What an operator turns of telemetry changes what is told, at both ends of its range."""

import io
import logging

import pytest

from tests.support.clock import ManualClock
from trinity_beast.compose.followers import follow_kept_logs
from trinity_beast.parameters import Readings
from trinity_beast.telemetry import Finding, Health, KeptLogs, Redactor, configure_logs, get_log, set_log_level
from trinity_beast.telemetry.logs import JsonLines


def test_from_the_level_up_lines_are_written(clock: ManualClock) -> None:
    before, stream = logging.getLogger().handlers[:], io.StringIO()
    try:
        configure_logs(node="one", level="info", clock=clock, redactor=Redactor([]), stream=stream)
        for level, lines in (("debug", 4), ("info", 3), ("warning", 2), ("error", 1)):
            set_log_level(level)
            stream.truncate(0)
            for say in (get_log("test").debug, get_log("test").info, get_log("test").warning):
                say("said")
            get_log("test").error("said", error=ValueError())
            assert stream.getvalue().count('"event":"said"') == lines
    finally:
        logging.getLogger().handlers[:] = before
        set_log_level("info")


@pytest.mark.parametrize(("seconds", "asked"), [(0.0, 3), (60.0, 1)])
async def test_what_was_found_is_told_so_long(clock: ManualClock, seconds: float, asked: int) -> None:
    looks = 0

    async def probe() -> Finding:
        nonlocal looks
        looks += 1
        return Finding(is_ok=True)

    readings = Readings()
    health = Health(clock, readings)
    health.register("part", probe)
    readings.turn("health_fresh_seconds", seconds)
    for _ in range(3):
        await health.report()
        clock.advance(10)
    assert looks == asked


@pytest.mark.parametrize(("turned", "kept"), [(10, 10), (50_000, 40)])
def test_as_many_lines_are_kept_as_is_turned(clock: ManualClock, turned: int, kept: int) -> None:
    logs, readings = KeptLogs(), Readings()
    logs.setFormatter(JsonLines("one", clock, Redactor()))
    follow_kept_logs(readings, logs)
    readings.turn("log_lines_kept", turned)
    for number in range(40):
        logs.emit(logging.LogRecord("trinity_beast.test", logging.INFO, "", 0, str(number), (), None))
    assert len(logs.page(limit=1_000).lines) == kept
