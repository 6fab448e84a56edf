"""Pages: every row that was there when the first was told, once, in order, and none that came since."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.reports.stage import NOON, Stage, answered, staged
from trinity_beast.storage import Database

SPAN = {"since": "2021-03-01", "until": "2021-04-01"}


def names_of(page: dict[str, Any]) -> list[tuple[int, int]]:
    return [(row["lane"], row["sequence"]) for row in page["rows"]]


async def pages_of(stage: Stage, **fields: Any) -> list[dict[str, Any]]:
    pages = [await stage.told("/reports/usage", **SPAN, **fields)]
    while pages[-1]["next_cursor"] is not None:
        assert len(pages) < 50
        pages.append(await stage.told("/reports/usage", **SPAN, **fields, cursor=pages[-1]["next_cursor"]))
    return pages


seconds = st.integers(-5, 5)
batches = st.lists(st.lists(seconds, min_size=1, max_size=6), max_size=4)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=batches, meanwhile=st.lists(batches, max_size=4), asked=st.tuples(st.integers(1, 5), st.sampled_from(["newest", "oldest"])))
async def test_rows_that_come_between_pages_change_none_of_them(
    own_database: Database, tmp_path: Path, first: list[list[int]], meanwhile: list[list[list[int]]], asked: tuple[int, str]
) -> None:
    page_size, order = asked
    async with own_database.transaction() as tx:
        await tx.exec_driver_sql("TRUNCATE usage_logs, usage_key_days, usage_lanes, usage_day_changes, usage_days RESTART IDENTITY")
    async with staged(own_database, tmp_path) as stage:
        lanes = dict.fromkeys(range(3), 1)

        async def come(batches: list[list[int]]) -> None:
            for number, moments in enumerate(batches):
                lane = number % 3
                await stage.record([answered(at) for at in moments], thread=lane, first_sequence=lanes[lane])
                lanes[lane] += len(moments)

        await come(first)
        there = await stage.query("SELECT lane_id, sequence FROM usage_logs ORDER BY time, lane_id, sequence")
        page = await stage.told("/reports/usage", **SPAN, page_size=page_size, order=order)
        told = names_of(page)
        for batch in [*meanwhile, *([[]] * 30)]:
            if page["next_cursor"] is None:
                break
            await come(batch)
            page = await stage.told("/reports/usage", **SPAN, page_size=page_size, order=order, cursor=page["next_cursor"])
            told += names_of(page)
        assert told == (there[::-1] if order == "newest" else there)


async def test_a_page_is_as_long_as_asked_and_the_last_says_that_it_is(stage: Stage) -> None:
    await stage.record([answered(at) for at in range(7)])
    assert [len(page["rows"]) for page in await pages_of(stage, page_size=3)] == [3, 3, 1]
    assert [len(page["rows"]) for page in await pages_of(stage, page_size=7)] == [7]
    assert [len(page["rows"]) for page in await pages_of(stage, page_size="all")] == [7]


async def test_the_next_page_is_told_by_a_link_that_keeps_the_filters(stage: Stage) -> None:
    await stage.record([answered(at, asset=asset) for at in range(4) for asset in (b"BTC", b"ETH")])
    heard = await stage.ask("/reports/usage", **SPAN, page_size=3, asset="ETH")
    cursor = msgspec.json.decode(heard.body)["data"]["next_cursor"]
    assert heard.headers["x-next-cursor"] == cursor
    address, _, relation = heard.headers["link"].partition("; ")
    assert relation == 'rel="next"'
    data = await stage.told(address.strip("<>"))
    assert [row["asset"] for row in data["rows"]] == ["ETH"]
    assert data["next_cursor"] is None


async def test_a_relative_span_is_that_of_the_first_page(stage: Stage) -> None:
    await stage.record([answered(at) for at in (-7_190, -60, -30)])
    first = await stage.told("/reports/usage", since="2h", page_size=2)
    stage.clock.advance(timedelta(hours=1))
    second = await stage.told("/reports/usage", since="2h", page_size=2, cursor=first["next_cursor"])
    assert (len(first["rows"]), len(second["rows"])) == (2, 1)
    assert (second["since"], second["until"]) == (first["since"], first["until"])


@pytest.mark.parametrize(
    "changes",
    [
        {"asset": "ETH"},
        {"since": "2021-03-02"},
        {"order": "oldest"},
        {"who": "theirs"},
        {"who": "operator", "path": "/admin/reports/usage"},
    ],
)
async def test_a_cursor_goes_on_with_its_own_report_alone(stage: Stage, changes: dict[str, Any]) -> None:
    await stage.record([answered(at) for at in range(4)])
    page = await stage.told("/reports/usage", **SPAN, page_size=2)
    given = {"path": "/reports/usage", **SPAN, "page_size": 2, "cursor": page["next_cursor"]} | changes
    assert await stage.refused(**given) == (400, "CURSOR_INVALID")
    assert await stage.refused("/reports/reports", cursor=page["next_cursor"], **SPAN) == (400, "CURSOR_INVALID")


@pytest.mark.parametrize("cursor", ["x", "é", "A" * 10_000, "AAAA" * 20, "%00", "Zm9v"])
async def test_what_is_no_cursor_is_refused(stage: Stage, cursor: str) -> None:
    assert await stage.refused("/reports/usage", **SPAN, cursor=cursor) == (400, "CURSOR_INVALID")


async def test_a_cursor_is_believed_for_a_day(stage: Stage) -> None:
    await stage.record([answered(at) for at in range(4)])
    page = await stage.told("/reports/usage", **SPAN, page_size=2)
    async with stage.database.transaction() as tx:
        await tx.exec_driver_sql("SELECT 1")
    cursor = page["next_cursor"]
    stage.clock.advance(timedelta(days=40_000))
    assert await stage.refused("/reports/usage", **SPAN, page_size=2, cursor=cursor) == (410, "CURSOR_EXPIRED")


async def test_a_lane_that_was_silent_for_hours_and_stores_again_ends_the_report(stage: Stage) -> None:
    await stage.record([answered(at) for at in range(4)], thread=1)
    async with stage.database.transaction() as tx:
        await tx.exec_driver_sql("UPDATE usage_lanes SET changed_at = changed_at - interval '3 hours'")
    page = await stage.told("/reports/usage", **SPAN, page_size=2)
    await stage.record([answered(9)], thread=2)
    assert len((await stage.told("/reports/usage", **SPAN, page_size=2, cursor=page["next_cursor"]))["rows"]) == 2
    await stage.record([answered(9)], thread=1, first_sequence=5)
    assert await stage.refused("/reports/usage", **SPAN, page_size=2, cursor=page["next_cursor"]) == (410, "CURSOR_EXPIRED")


async def test_the_use_of_reports_is_paged_like_any_other(stage: Stage) -> None:
    for _ in range(5):
        await stage.told("/reports/daily", since="2d")
    stage.clock.advance(timedelta(seconds=1))
    first = await stage.told("/reports/reports", page_size=3)
    assert [row["report"] for row in first["rows"]] == ["daily"] * 3
    second = await stage.told("/reports/reports", page_size=3, cursor=first["next_cursor"])
    assert [row["report"] for row in second["rows"]] == ["daily"] * 2
    assert second["next_cursor"] is None
    assert NOON.strftime("%Y-%m-%d") in second["rows"][0]["time"]
