import contextlib
import io
import logging
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import ManualClock
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.telemetry.logs import JsonLines, TerminalLines, configure_logs
from trinity_beast.telemetry.redaction import Redactor

CLOCK: Clock = ManualClock(datetime(2026, 11, 20, 7, 40, 0, 123456, tzinfo=UTC))


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root, ours = logging.getLogger(), logging.getLogger("trinity_beast")
    handlers, levels = list(root.handlers), (root.level, ours.level)
    yield io.StringIO()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def configured(written: io.StringIO, *, level: str = "info", is_terminal: bool = False) -> None:
    configure_logs(node="BeastMain", level=level, stream=written, clock=CLOCK, redactor=Redactor(["s3cret-admin"]), is_terminal=is_terminal)


def test_a_line_is_one_json_object_with_time_level_node_module_event_and_facts(written: io.StringIO) -> None:
    configured(written)
    get_log("feeds").info("feed connected", venue="coinbase", attempt=2)
    assert written.getvalue().count("\n") == 1
    assert msgspec.json.decode(written.getvalue()) == {
        "time": "2026-11-20T07:40:00.123456Z",
        "level": "info",
        "node": "BeastMain",
        "module": "feeds",
        "event": "feed connected",
        "facts": {"venue": "coinbase", "attempt": 2},
    }


def test_an_error_is_told_with_its_kind_and_its_traceback(written: io.StringIO) -> None:
    configured(written)
    try:
        raise ValueError("tb_live_0123456789 is no key")
    except ValueError as error:
        get_log("web").error("request failed", error=error)
    line = msgspec.json.decode(written.getvalue())
    assert line["facts"] == {"error": "ValueError: tb_live_*** is no key"}
    assert "Traceback" in line["traceback"]
    assert "0123456789" not in written.getvalue()


def test_what_is_below_the_level_is_not_written(written: io.StringIO) -> None:
    configured(written, level="warning")
    get_log("web").info("request answered")
    get_log("web").warning("request failed")
    assert [msgspec.json.decode(line)["event"] for line in written.getvalue().splitlines()] == ["request failed"]


def test_libraries_are_heard_from_warning_up(written: io.StringIO) -> None:
    configured(written, level="debug")
    logging.getLogger("some.library").info("chatter")
    logging.getLogger("some.library").warning("%d of s3cret-admin", 3)
    (line,) = written.getvalue().splitlines()
    assert msgspec.json.decode(line)["event"] == "3 of ***"
    assert msgspec.json.decode(line)["module"] == "some.library"


def test_a_terminal_gets_a_readable_line_in_colour(written: io.StringIO) -> None:
    configured(written, is_terminal=True)
    get_log("feeds").warning("feed silent", venue="kraken", seconds=31)
    line = written.getvalue()
    assert "\x1b[33mwarning" in line
    assert "feed silent" in line
    assert "venue=\x1b[0mkraken" in line


def test_standard_error_is_where_it_leads_at_the_time(written: io.StringIO) -> None:
    configure_logs(node="BeastMain", level="info", clock=CLOCK, redactor=Redactor(), is_terminal=False)
    with contextlib.redirect_stderr(written):
        get_log("web").info("through the display")
    assert "through the display" in written.getvalue()


def test_a_second_call_replaces_the_first(written: io.StringIO) -> None:
    configured(written)
    configured(written)
    get_log("web").info("once")
    assert written.getvalue().count("once") == 1


def record_of(text: str, fact: str) -> logging.LogRecord:
    record = logging.LogRecord("trinity_beast.web", logging.INFO, "", 0, text.replace("%", ""), None, None)
    record.facts = {"from_outside": fact}
    return record


@given(st.text(), st.text())
def test_whatever_a_stranger_sent_a_json_line_stays_one_line_that_can_be_read(text: str, fact: str) -> None:
    line = JsonLines("n", CLOCK, Redactor()).format(record_of(text, fact))
    assert "\n" not in line
    assert set(msgspec.json.decode(line)) == {"time", "level", "node", "module", "event", "facts"}


@given(st.text(), st.text())
def test_whatever_a_stranger_sent_a_terminal_only_obeys_us(text: str, fact: str) -> None:
    line = TerminalLines(CLOCK, Redactor()).format(record_of(text, fact))
    ours = line.replace("\x1b[2m", "").replace("\x1b[0m", "").replace("\x1b[32m", "")
    assert ours.isprintable()
