"""The last log lines, kept in memory: bounded, in order, without secrets, and none missed by whoever follows."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import ManualClock
from trinity_beast.telemetry import KeptLogs, Log, Redactor, configure_logs, get_log
from trinity_beast.telemetry.kept_logs import LINE_BYTES_MAX


@pytest.fixture
def log(clock: ManualClock) -> Iterator[tuple[Log, KeptLogs]]:
    before = logging.getLogger().handlers[:]
    kept = KeptLogs(lines_max=5)
    configure_logs(node="one", level="debug", clock=clock, redactor=Redactor(["s3cret-admin"]), kept=kept, is_terminal=False)
    yield get_log("feeds"), kept
    logging.getLogger().handlers[:] = before
    logging.getLogger("trinity_beast").setLevel(logging.NOTSET)


def events(kept: KeptLogs, **asked: object) -> list[str]:
    return [line.told["event"] for line in kept.page(**asked).lines]  # type: ignore[arg-type]  # As a caller would.


def test_the_last_lines_are_kept_with_their_facts_and_no_others(log: tuple[Log, KeptLogs]) -> None:
    say, kept = log
    for number in range(8):
        say.info(f"said {number}", venue="kraken", number=number)
    page = kept.page()

    assert [line.told["event"] for line in page.lines] == [f"said {number}" for number in range(3, 8)]
    assert [line.number for line in page.lines] == [4, 5, 6, 7, 8]
    assert (page.oldest, page.next_after) == (4, 8)
    assert page.lines[-1].told == {
        "time": "2026-11-20T07:40:00.000000Z", "level": "info", "node": "one", "module": "feeds", "event": "said 7",
        "facts": {"venue": "kraken", "number": 7},
    }  # fmt: skip


def test_a_secret_is_kept_no_more_than_it_is_written(log: tuple[Log, KeptLogs]) -> None:
    say, kept = log
    say.warning("came with s3cret-admin", authorization="Bearer tb_live_abc", other="s3cret-admin")

    [line] = kept.page().lines
    assert "s3cret" not in str(line.told)
    assert "tb_live_abc" not in str(line.told)


def test_lines_are_told_by_level_part_and_moment(log: tuple[Log, KeptLogs], clock: ManualClock) -> None:
    say, kept = log
    say.debug("one")
    get_log("access").warning("two")
    clock.advance(60)
    get_log("feeds.lines").error("three", error=ValueError("torn"))

    assert events(kept, level="warning") == ["two", "three"]
    assert events(kept, part="feeds") == ["one", "three"]
    assert events(kept, part="feed") == []
    assert events(kept, since="2026-11-20T07:41") == events(kept, since="2026-11-20T07:41:00Z") == ["three"]
    assert events(kept, limit=1) == ["three"]
    assert "ValueError: torn" in kept.page(level="error").lines[0].told["traceback"]


@given(st.lists(st.integers(0, 4), max_size=12), st.integers(1, 3))
def test_whoever_follows_gets_every_line_once(bursts: list[int], limit: int) -> None:
    kept, seen, said = KeptLogs(lines_max=4), [1], 1
    kept.setFormatter(logging.Formatter('{"event": "%(message)s", "time": "t", "module": "m"}'))
    kept.emit(logging.LogRecord("m", logging.INFO, "", 0, "1", (), None))
    after = kept.page().next_after
    for burst in bursts:
        for _ in range(burst):
            said += 1
            kept.emit(logging.LogRecord("m", logging.INFO, "", 0, str(said), (), None))
        while lines := (page := kept.page(after=after, limit=limit)).lines:
            seen += [int(line.told["event"]) for line in lines]
            after = page.next_after
    assert seen == list(range(1, said + 1))


def test_a_node_that_counts_anew_is_told_from_its_beginning(log: tuple[Log, KeptLogs]) -> None:
    say, kept = log
    say.info("after the start")

    assert events(kept, after=500) == ["after the start"]


def test_a_long_line_is_kept_by_its_beginning_and_many_of_them_take_bounded_room(clock: ManualClock) -> None:
    kept = KeptLogs(lines_max=1_000, bytes_max=3 * LINE_BYTES_MAX)
    configured = logging.Formatter('{"event": "long", "time": "t", "module": "m", "facts": {"text": "%(message)s"}}')
    kept.setFormatter(configured)
    for _ in range(10):
        kept.emit(logging.LogRecord("m", logging.INFO, "", 0, "x" * 2 * LINE_BYTES_MAX, (), None))
    page = kept.page()

    assert len(page.lines) == 3
    assert page.lines[0].told["event"] == "long"
    assert page.lines[0].told["facts"]["cut"].endswith("characters")


@pytest.mark.parametrize(("lines", "kept_lines"), [(2, 2), (50_000, 5)])
def test_as_many_lines_are_kept_as_is_turned(log: tuple[Log, KeptLogs], lines: int, kept_lines: int) -> None:
    say, kept = log
    kept.resize(lines)
    for number in range(5):
        say.info(f"said {number}")

    assert len(kept.page().lines) == kept_lines
