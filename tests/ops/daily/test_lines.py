"""What the dashboard tells of each part, and when that is not well."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.feeds import FeedState, FeedStatus
from trinity_beast.jobs import JobStanding, LastRun
from trinity_beast.ops import Line, lines, summed
from trinity_beast.ops.cluster.model import Found, Gone, Snapshot, View
from trinity_beast.storage import CacheGauges
from trinity_beast.telemetry import Finding, HealthReport, PartHealth, Stretch
from trinity_beast.usage import Counted, Dimension, Totals

NOW = datetime(2026, 11, 20, 7, 40, tzinfo=UTC)
OPEN = CacheGauges(True, 0, 10, 0, 0)


def feed(venue: str, state: FeedState, **said: object) -> FeedStatus:
    told = {"silent_seconds": None, "venue_status": None, "venue_status_is_good": True, "last_error": ""} | said
    return FeedStatus(venue, venue.title(), state, 1, 5.0, failures=0, symbols=(), counts={}, **told)  # type: ignore[arg-type]


def view(*names: str, **more: object) -> View:
    found = [Found(Snapshot(name, totals={"usage_lost": 0}, since_reset=Stretch(10, {"tcp_requests": 5})), 1.0) for name in names]
    given_ = {"missing": (), "unseen": (), "twins": (), "nodes_expected": len(names), "trouble": ""} | more
    return View(found, **given_)  # type: ignore[arg-type]


def standings(found: list[Line]) -> dict[str, str]:
    return {line.what: line.standing for line in found}


def test_a_part_that_is_needed_is_wrong_where_another_is_weak() -> None:
    parts = (
        PartHealth("database", True, Finding(is_ok=False, reason="away")),
        PartHealth("cache", False, Finding(is_ok=False, reason="away", facts={"in_use": 1})),
        PartHealth("feeds", True, Finding(is_ok=True)),
    )
    found = lines.service_lines(HealthReport(parts, 90.0))

    assert standings(found) == {"node": "wrong", "database": "wrong", "cache": "weak", "feeds": "good"}
    assert found[2].told == "away: in_use 1"


def test_a_feed_that_is_not_live_is_weak_and_one_that_is_off_is_off() -> None:
    feeds = [
        feed("kraken", FeedState.LIVE),
        feed("okx", FeedState.WAITING, last_error="refused"),
        feed("gemini", FeedState.LIVE, venue_status="maintenance", venue_status_is_good=False),
        feed("htx", FeedState.OFF),
    ]
    found = lines.feed_lines(feeds, {"live": 3, "stale": 0, "unavailable": 0})

    assert standings(found) == {"kraken": "good", "okx": "weak", "gemini": "weak", "htx": "off", "assets": "good"}
    assert "refused" in found[1].told
    assert "maintenance" in found[2].told


@pytest.mark.parametrize(
    ("assets", "standing"),
    [({"live": 9, "stale": 1, "unavailable": 0}, "weak"), ({"live": 0, "stale": 9, "unavailable": 1}, "wrong"), ({}, "good")],
)
def test_assets_that_cannot_be_served_are_told(assets: dict[str, int], standing: str) -> None:
    assert standings(lines.feed_lines([], assets))["assets"] == standing


def test_a_missing_node_and_a_twin_are_wrong() -> None:
    seen = view("Main", missing=[Gone("Mirror", "", None)], twins=["Main"], nodes_expected=2)
    found = lines.cluster_lines(seen, summed([one.snapshot for one in seen.found]))

    assert standings(found) == {"nodes": "wrong", "Main": "wrong", "Mirror": "wrong", "requests": "good", "shares": "good"}


@pytest.mark.parametrize(("expected", "standing"), [(1, "off"), (3, "weak")])
def test_a_node_that_cannot_see_others_says_so_and_is_well_where_nobody_is_expected(expected: int, standing: str) -> None:
    seen = view("Main", trouble="there is no shared cache", nodes_expected=expected)

    assert lines.cluster_lines(seen, summed([]))[0].standing == standing


def test_usage_that_was_lost_anywhere_is_wrong() -> None:
    lost = Snapshot("Main", since_reset=Stretch(1, {"usage_recorded": 99, "usage_lost": 1}))
    found = lines.cluster_lines(view("Main"), summed([lost]))

    assert (found[-1].standing, "1.00 % of usage lost" in found[-1].told) == ("wrong", True)


def test_a_cache_is_weak_when_it_is_nearly_full_and_wrong_when_it_is_away() -> None:
    info = lines.info_of(b"# Server\r\nvalkey_version:9.1.2\r\nused_memory:95\r\nmaxmemory:100\r\nkeyspace_hits:3\r\nkeyspace_misses:1\r\n")
    found = lines.cache_lines(OPEN, info)

    assert standings(found) == {"server": "weak", "way there": "good"}
    assert "75.0 % hits" in found[0].told
    assert lines.cache_lines(CacheGauges(False, 0, 10, 4, 2), {})[1].standing == "wrong"


@given(st.binary(max_size=60))
def test_whatever_a_server_tells_of_itself_makes_no_look_fail(text: bytes) -> None:
    assert len(lines.cache_lines(OPEN, lines.info_of(text))) == 2


def test_a_day_is_told_by_its_sums_and_by_what_was_asked_most() -> None:
    whole = Totals(Dimension.ALL, "", Counted(9, 8, 1, 900, 1_000, 2_000_000, None))
    found = lines.usage_lines([whole, Totals(Dimension.ASSET, "BTC", whole.counted), Totals(Dimension.ASSET, "", whole.counted)])

    assert [line.told for line in found] == [
        "9, 8 charged, 1 refused, 900 bytes", "p50 0.001 ms, p95 2.000 ms, p99 -", "BTC 9, - 9"
    ]  # fmt: skip
    assert lines.usage_lines([])[0].told == "none was stored"


def test_a_job_that_failed_is_weak_and_synchronisation_comes_first() -> None:
    later = NOW + timedelta(hours=1)
    jobs = [
        JobStanding("a.job", "", "", LastRun("failed", 3, NOW, NOW, NOW), later, 2),
        JobStanding("ops.sync", "", "", LastRun("succeeded", 1, NOW, NOW, NOW), NOW - timedelta(hours=2), 0),
        JobStanding("new", "", "", None, later, 0),
    ]
    found = lines.work_lines(jobs, now=NOW)

    assert [(line.what, line.standing) for line in found] == [("ops.sync", "good"), ("a.job", "weak"), ("new", "off")]
    assert "(late)" in found[0].told
    assert "2 failed" in found[1].told
