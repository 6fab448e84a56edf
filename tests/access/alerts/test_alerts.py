"""A key that nears the end of its month is noted once for each threshold, whoever counts and however often."""

import asyncio
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.clock import ManualClock
from tests.support.randomness import SeededSecrets
from trinity_beast.access import Accounts, Keys, QuotaAlerts, Restrictions, Wanted
from trinity_beast.access.alerts import PERCENTS, AlertFilter
from trinity_beast.access.tables import rate_limit_template
from trinity_beast.audit import Signature
from trinity_beast.storage import Database

ADA = Signature("Ada")
QUOTA = 100_000
"""Of the free tier, by its seed."""


async def reached(database: Database, wanted: AlertFilter | None = None) -> list[tuple[int, int, int]]:
    """What was noted, the oldest first: key, percentage, requests used."""
    page, _ = await QuotaAlerts(database).listing(wanted or AlertFilter(limit=1_000))
    return [(each.alert.key_id, each.alert.percent, each.alert.used) for each in reversed(page)]


async def test_each_threshold_is_noted_when_it_is_reached_and_never_again(keys: Keys, database: Database) -> None:
    key = (await keys.issue("free", "mine")).key.key_id
    for used in (49_999, 1, 1, 29_998, 1, 0, 15_000, 4_999, 1):
        await keys.add_use({key: used})
    assert await reached(database) == [(key, 50, 50_000), (key, 80, 80_000), (key, 95, 95_000), (key, 100, 100_000)]


async def test_several_reached_at_once_are_noted_each(keys: Keys, database: Database) -> None:
    first, second = [(await keys.issue("free", name)).key.key_id for name in ("one", "two")]
    await keys.add_use({first: 96_000, second: 79_999})
    assert await reached(database) == [(first, 50, 96_000), (first, 80, 96_000), (first, 95, 96_000), (second, 50, 79_999)]


async def test_a_new_month_has_alerts_of_its_own(keys: Keys, database: Database, clock: ManualClock) -> None:
    key = (await keys.issue("free", "mine")).key.key_id
    await keys.add_use({key: 60_000})
    clock.advance(datetime(2026, 12, 1, tzinfo=UTC) - clock.now())
    await keys.add_use({key: 50_000})
    page, _ = await QuotaAlerts(database).listing(AlertFilter())
    assert [(each.alert.month, each.alert.used) for each in page] == [(date(2026, 12, 1), 50_000), (date(2026, 11, 1), 60_000)]


async def test_what_was_noted_stays_noted_when_the_quota_grows(keys: Keys, database: Database) -> None:
    key = (await keys.issue("free", "mine")).key.key_id
    await keys.add_use({key: 80_000})
    async with database.transaction() as tx:
        await tx.execute(sa.update(rate_limit_template).where(rate_limit_template.c.tier == "free").values(monthly_quota=200_000))
    await keys.add_use({key: 20_001})
    assert await reached(database) == [(key, 50, 80_000), (key, 80, 80_000)]
    await keys.add_use({key: 90_000})
    assert [(percent, used) for _, percent, used in await reached(database)] == [(50, 80_000), (80, 80_000), (95, 190_001)]


async def test_of_keys_that_share_an_accounts_month_each_is_noted_by_what_all_have_used(
    keys: Keys, database: Database, clock: ManualClock, secrets: SeededSecrets
) -> None:
    account = (await Accounts(database, clock, secrets).open("Ada", ADA)).public_id
    first, second = [(await keys.make(Wanted("free", name, account=account), ADA)).key.key_id for name in ("page", "app")]
    own = (await keys.make(Wanted("free", "own", account=account, restrictions=Restrictions(monthly_quota=10_000)), ADA)).key.key_id
    await keys.add_use({first: 40_000})
    await keys.add_use({second: 40_000})
    await keys.add_use({own: 9_000})
    assert await reached(database) == [
        (second, 50, 80_000), (second, 80, 80_000), (own, 50, 9_000), (own, 80, 9_000),
    ]  # fmt: skip
    await keys.add_use({first: 20_000})
    assert [(percent, used) for key_id, percent, used in await reached(database) if key_id == first] == [
        (percent, 109_000) for percent in PERCENTS
    ]


@pytest.mark.parametrize("tier", ["unlimited", "partner", "demo"])
async def test_a_key_without_a_monthly_bound_reaches_none(keys: Keys, database: Database, tier: str) -> None:
    key = (await keys.issue(tier, "mine")).key.key_id
    await keys.add_use({key: 10**9})
    assert await reached(database) == []


async def test_many_nodes_counting_at_once_note_a_threshold_once(own_database: Database, own_keys: Keys) -> None:
    key = (await own_keys.issue("free", "mine")).key.key_id
    await asyncio.gather(*[own_keys.add_use({key: 2_500}) for _ in range(40)])
    assert [percent for _, percent, _ in await reached(own_database)] == [50, 80, 95, 100]


async def test_one_key_and_one_month_can_be_asked_for_and_a_long_list_read_page_by_page(keys: Keys, database: Database) -> None:
    mine, other = await keys.issue("free", "mine"), await keys.issue("free", "other")
    await keys.add_use({mine.key.key_id: QUOTA, other.key.key_id: QUOTA})
    assert [percent for _, percent, _ in await reached(database, AlertFilter(mine.key.public_id))] == list(PERCENTS)
    assert await reached(database, AlertFilter(month=date(2026, 10, 1))) == []
    seen: list[int] = []
    before: int | None = None
    while True:
        page, before = await QuotaAlerts(database).listing(AlertFilter(before=before, limit=3))
        seen += [each.alert.alert_id for each in page]
        if before is None:
            break
    assert len(seen) == len(set(seen)) == 8
    assert seen == sorted(seen, reverse=True)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 40_000), max_size=12))
async def test_exactly_what_was_reached_is_noted(keys: Keys, database: Database, uses: list[int]) -> None:
    key = (await keys.issue("free", "mine")).key.key_id
    for used in uses:
        await keys.add_use({key: used})
    noted = [percent for key_id, percent, _ in await reached(database) if key_id == key]
    assert noted == [percent for percent in PERCENTS if sum(uses) * 100 >= QUOTA * percent]
