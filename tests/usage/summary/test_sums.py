"""A summary told from sums by day is, but for percentiles, what the rows alone say: for any time, filter and state of summing up."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.segments import Written
from tests.support.usage_records import DAY_NS, NOON_NS, a_record, batches, emptied
from trinity_beast.storage import Database
from trinity_beast.usage import Writer
from trinity_beast.usage.days import Days
from trinity_beast.usage.model import Span
from trinity_beast.usage.summary import Chosen, Grouped, Sums, sums

EVERYTHING = Chosen(datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
BY = (Grouped.ASSET, Grouped.STATUS, Grouped.PROTOCOL, Grouped.DAY, Grouped.KEY, Grouped.CACHE_TIER)

a_moment = st.one_of(
    st.integers(-3, 4).map(lambda day: datetime(2026, 11, 20, tzinfo=UTC) + timedelta(days=day)),
    st.integers(-3 * 86_400, 3 * 86_400).map(lambda second: datetime(2026, 11, 20, 12, tzinfo=UTC) + timedelta(seconds=second)),
)
a_choice = st.builds(
    lambda one, other, **filters: Chosen(min(one, other), max(one, other), **filters),
    a_moment,
    a_moment,
    key_ids=st.sampled_from([None, (), (1,), (1, 3)]),
    assets=st.sampled_from([(), ("BTC",)]),
    statuses=st.sampled_from([(), (Span(400, 499),), (Span(200, 200), Span(429, 429))]),
    protocols=st.sampled_from([(), (2,)]),
)


def expected(records: list[Written], chosen: Chosen) -> Counter[tuple[str, object, str]]:
    """Reckon in Python, from the records, what no statement of ours has touched."""
    found: Counter[tuple[str, object, str]] = Counter()
    for record in records:
        at = datetime.fromtimestamp(record.time_ns // 1_000_000_000, UTC) + timedelta(microseconds=record.time_ns // 1_000 % 1_000_000)
        is_chosen = (
            chosen.since <= at < chosen.until
            and (chosen.key_ids is None or record.key_id in chosen.key_ids)
            and (not chosen.assets or record.asset.decode() in chosen.assets)
            and (not chosen.statuses or any(span.first <= record.status <= span.last for span in chosen.statuses))
            and (not chosen.protocols or record.protocol in chosen.protocols)
        )
        if not is_chosen:
            continue
        groups = {
            "all": None, "asset": record.asset.decode(), "status": record.status, "protocol": record.protocol, "day": at.date(),
            "key_id": record.key_id, "cache_tier": record.cache_tier,
        }  # fmt: skip
        for by, value in groups.items():
            found[by, value, "requests"] += 1
            found[by, value, "charged"] += record.flags & 1
            found[by, value, "refused"] += record.status >= 400
            found[by, value, "assets"] += record.asset_count
            found[by, value, "answer_bytes"] += record.answer_bytes
            found[by, value, "latency_ns"] += record.latency_ns
    return found


def told(found: list[Sums]) -> Counter[tuple[str, object, str]]:
    names = ("requests", "charged", "refused", "assets", "answer_bytes", "latency_ns")
    return Counter({(each.by.value if each.by else "all", each.value, name): getattr(each, name) for each in found for name in names})


async def summary(database: Database, chosen: Chosen, by: tuple[Grouped, ...] = BY) -> list[Sums]:
    async with database.transaction() as tx:
        await tx.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        return await sums(tx, chosen, by)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(a_record, min_size=1, max_size=40), summed_up=st.integers(0, 9), chosen=st.lists(a_choice, min_size=1, max_size=4))
async def test_whatever_is_summed_up_already_the_summary_is_that_of_the_rows(
    own_database: Database, tmp_path: Path, records: list[Written], summed_up: int, chosen: list[Chosen]
) -> None:
    await emptied(own_database)
    writer, days = Writer(own_database), Days(own_database)
    for place, batch in enumerate(batches(tmp_path, records)):
        await writer.store(batch)
        if place == summed_up:
            await days.roll_up()
    for one in [EVERYTHING, *chosen]:
        assert +told(await summary(own_database, one)) == +expected(records, one)
    [everything] = await summary(own_database, EVERYTHING, ())
    assert (everything.requests, everything.latencies.answers) == (len(records), len(records))


async def test_more_pending_days_than_are_read_one_by_one_are_all_told(own_database: Database, tmp_path: Path) -> None:
    records = [Written(time_ns=NOON_NS - place * DAY_NS) for place in range(12)]
    for batch in batches(tmp_path, records):
        await Writer(own_database).store(batch)
    found = await summary(own_database, EVERYTHING, (Grouped.DAY,))
    assert [each.requests for each in found] == [12] + [1] * 12


async def test_a_summary_of_nothing_is_empty(own_database: Database) -> None:
    assert await summary(own_database, EVERYTHING) == []


async def test_a_summary_outside_one_moment_is_a_mistake(own_database: Database) -> None:
    async with own_database.transaction() as tx:
        with pytest.raises(AssertionError, match="one moment"):
            await sums(tx, EVERYTHING)
