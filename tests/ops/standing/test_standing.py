"""`beast health` and `beast status`: of a node that runs, of one that is gone, and of whatever may be told."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.readme.product import running
from tests.support.shell import beast, done
from trinity_beast.ops.standing.model import Line, standing_of

PART = {"part": "database", "ok": True, "needed": True, "reason": "", "facts": {"open": 2}}


def test_each_part_is_told_by_how_much_it_matters() -> None:
    parts = [PART, PART | {"ok": False, "reason": "away"}, PART | {"part": "cache", "ok": False, "needed": False, "reason": "away"}]
    exchange = {"venue": "kraken", "state": "live", "states": {"BTC": "live", "ETH": "live", "XRP": "quiet"}}

    standing = standing_of({"status": "not_ready", "up_seconds": 3, "parts": parts}, {"usage_lost": 1, "tcp_requests": 1_000}, [exchange])

    assert standing.lines == [
        Line("database", "good", "open 2"),
        Line("database", "wrong", "away: open 2"),
        Line("cache", "weak", "away: open 2"),
        Line("exchange kraken", "good", "live: 2 live, 1 quiet"),
        Line("requests", "good", "tcp_requests 1,000"),
        Line("usage", "weak", "usage_lost 1"),
    ]
    assert not standing.is_ready
    assert standing_of({}, {}, [{"venue": "htx", "state": "off", "states": {}}]).lines == [Line("exchange htx", "off", "off")]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["part", "ok", "facts", "states", "venue"]), inner, max_size=4)
    ),
)


@given(st.lists(JSON, max_size=4), st.dictionaries(st.sampled_from(["tcp_requests", "usage_lost"]), JSON), st.lists(JSON, max_size=4))
def test_nothing_a_node_may_tell_makes_it_fail(parts: list[Any], counters: dict[str, Any], exchanges: list[Any]) -> None:
    assert standing_of({"parts": parts}, counters, exchanges).status == "unknown"


@pytest.mark.timeout(600)
def test_it_tells_all_of_a_node_on_one_screen_and_its_end(own_database_url: str, tmp_path: Path) -> None:
    where = ("--data-dir", tmp_path / "data")
    with running(tmp_path, "--feeds", "lab", DATABASE_URL=own_database_url):
        told = done("status", *where)
        health = beast("health", *where)
    gone = beast("health", *where, BEAST_PRICE_PORT="1")

    assert told["status"] in {"ready", "degraded"}
    assert {"database", "feeds", "metering", "exchange kraken", "requests", "usage"} <= {line["what"] for line in told["lines"]}
    assert health.returncode == 0
    assert "database" in health.stdout
    assert gone.returncode == 1


@pytest.mark.parametrize(("shell", "script"), [("bash", "complete_bash"), ("zsh", "complete_zsh"), ("fish", "complete_fish")])
def test_a_shell_is_told_the_verbs_that_begin_so(shell: str, script: str) -> None:
    words = {"COMP_WORDS": "beast do", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "beast do", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    told = beast(**words, _BEAST_COMPLETE=script)

    assert shell
    assert "doctor" in told.stdout
    assert "backup" not in told.stdout
