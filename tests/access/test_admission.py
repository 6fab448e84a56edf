"""Who is let in, and with what."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import START
from trinity_beast.access import Grant, Key, KeyState, Kind, Refused, Tier
from trinity_beast.access.admission import admission, in_month_of, quota_left
from trinity_beast.access.features import Features, features_of
from trinity_beast.access.months import month_of, next_month
from trinity_beast.access.restrictions import Restrictions, Scope

TIER = Tier("pro", Decimal(100), 200, 1_000, 10, unlimited=False, features=Features(udp=True), key_cache_seconds=300)
KEY = Key(7, "key_7", b"d" * 32, Kind.LIVE, "pro", "mine", START - timedelta(days=1))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone.


def granted(key: Key = KEY, tier: Tier = TIER) -> Grant:
    told = admission(key, tier, now=START)
    assert isinstance(told, Grant)
    return told


def test_a_live_key_is_granted_what_its_tier_allows() -> None:
    assert granted() == Grant(
        key_id=7,
        tier="pro",
        rate_per_second=100.0,
        burst=200,
        quota=1_000,
        quota_left=1_000,
        quota_resets_at=datetime(2026, 12, 1, tzinfo=UTC),
        ends_at=None,
        unlimited=False,
        udp=True,
        in_url=False,
        cache_seconds=300,
        features=Features(udp=True),
        created_at=KEY.created_at,
        report_quota=10,
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"revoked_at": START}, "KEY_REVOKED"),
        ({"revoked_at": START, "expires_at": START}, "KEY_REVOKED"),
        ({"expires_at": START}, "KEY_EXPIRED"),
        ({"retiring_at": START}, "KEY_EXPIRED"),
        ({"retiring_at": START, "expires_at": START + timedelta(days=1)}, "KEY_EXPIRED"),
    ],
)
def test_a_key_that_has_ended_is_refused_for_what_ended_it(change: dict[str, datetime], code: str) -> None:
    told = admission(replace(KEY, **change), TIER, now=START)  # type: ignore[arg-type]  # The fields named are moments.
    assert isinstance(told, Refused)
    assert told.code == code


def test_a_key_nobody_knows_is_invalid_and_soon_looked_for_again() -> None:
    told = admission(None, None, now=START)
    assert told == Refused("KEY_INVALID", 30.0)


def test_a_rotated_key_is_granted_until_its_overlap_ends() -> None:
    retiring = replace(KEY, retiring_at=START + timedelta(seconds=1), expires_at=START + timedelta(days=9))
    assert granted(retiring).ends_at == START + timedelta(seconds=1)
    assert retiring.state(START) is KeyState.RETIRING


@pytest.mark.parametrize(("kind", "allowed"), [(Kind.LIVE, False), (Kind.TEST, False), (Kind.DEMO, True), (Kind.URL, True)])
def test_only_demo_and_url_keys_may_stand_in_an_address(kind: Kind, allowed: bool) -> None:
    assert granted(replace(KEY, kind=kind)).in_url is allowed


def test_a_url_key_is_slow_whatever_its_tier() -> None:
    grant = granted(replace(KEY, kind=Kind.URL))
    assert (grant.rate_per_second, grant.burst) == (2.0, 10)
    slow = granted(replace(KEY, kind=Kind.URL), replace(TIER, rate_per_second=Decimal("0.5"), burst=1))
    assert (slow.rate_per_second, slow.burst) == (0.5, 1)


@pytest.mark.parametrize("features", [{}, {"udp": False}, {"udp": "yes"}])
def test_a_tier_that_does_not_say_udp_has_none(features: dict[str, object]) -> None:
    assert not granted(tier=replace(TIER, features=features_of(features))).udp


def test_a_key_with_limits_of_its_own_has_the_lower_of_both() -> None:
    own = Restrictions(Decimal(5), 500, 400)
    grant = granted(replace(KEY, restrictions=own, quota_used=100, quota_month=date(2026, 11, 1)))
    assert (grant.rate_per_second, grant.burst, grant.quota, grant.quota_left) == (5.0, 200, 400, 300)
    free = replace(TIER, monthly_quota=None)
    assert granted(replace(KEY, restrictions=own), free).quota == 400
    assert granted(replace(KEY, restrictions=Restrictions(monthly_quota=5_000))).quota == 1_000  # The tier was lowered since.


def test_a_partners_key_with_limits_of_its_own_is_held_to_them() -> None:
    partner = replace(TIER, unlimited=True, monthly_quota=None)
    assert granted(tier=partner).unlimited
    grant = granted(replace(KEY, restrictions=Restrictions(burst=3)), partner)
    assert (grant.unlimited, grant.burst, grant.quota) == (False, 3, None)
    assert not granted(replace(KEY, kind=Kind.URL), partner).unlimited


def test_a_key_for_addresses_is_for_prices_alone() -> None:
    assert {scope for scope in Scope if granted(replace(KEY, kind=Kind.URL)).allows(scope)} == {Scope.PRICES}
    assert all(granted().allows(scope) for scope in Scope)
    reports = granted(replace(KEY, restrictions=Restrictions(scopes=frozenset([Scope.REPORTS]))))
    assert {scope for scope in Scope if reports.allows(scope)} == {Scope.REPORTS}


@given(st.none() | st.integers(0, 10**12), st.integers(0, 10**13), st.sampled_from([date(2026, 11, 1), date(2026, 10, 1), None]))
def test_what_is_left_of_a_quota_counts_this_month_alone_and_is_never_negative(quota: int | None, used: int, month: date | None) -> None:
    left = quota_left(replace(KEY, quota_used=used, quota_month=month), quota, now=START)
    assert left == (0 if quota is None else max(0, quota - used) if month == date(2026, 11, 1) else quota)


@given(moments)
def test_every_moment_lies_in_its_month(moment: datetime) -> None:
    begins, ends = datetime.combine(month_of(moment), datetime.min.time(), UTC), next_month(moment)
    assert begins <= moment < ends
    assert timedelta(days=28) <= ends - begins <= timedelta(days=31)
    assert month_of(ends) == ends.date()


@given(moments, moments)
def test_a_key_never_comes_back_to_life(now: datetime, end: datetime) -> None:
    key = replace(KEY, expires_at=end)
    if key.state(now) is KeyState.EXPIRED:
        assert key.state(now + timedelta(seconds=1)) is KeyState.EXPIRED


@given(now=moments)
def test_a_grant_enters_a_month_once_and_whole(now: datetime) -> None:
    held = replace(granted(), quota_left=3)
    begun = in_month_of(held, now)
    if now < held.quota_resets_at:
        assert begun is held
    else:
        assert (begun.quota_left, begun.quota_resets_at) == (1_000, next_month(now))
        assert replace(begun, quota_left=3, quota_resets_at=held.quota_resets_at) == held
    assert now < begun.quota_resets_at
    assert in_month_of(begun, now) is begun
