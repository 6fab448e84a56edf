"""A value in Valkey grants nothing unless we sealed it, for that key, under this server secret."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.access.test_admission import KEY, TIER
from tests.support.clock import START
from trinity_beast.access import Digests, Restrictions, Scope
from trinity_beast.access.shared_keys.sealed import COUNTED_MOST, KEPT_MOST, SharedKey, opened, sealed

SECRET = Digests(bytes(range(32))).derived("tests")
SHARED = SharedKey(START, KEY, TIER)
VALUE = sealed(SHARED, SECRET)


def test_what_was_sealed_is_opened_whole() -> None:
    own = Restrictions(Decimal("2.5"), 3, 4, frozenset([Scope.PRICES]), ("192.0.2.0/24",), ("https://example.org",))
    shared = SharedKey(START, replace(KEY, restrictions=own, revoked_at=START), TIER)
    assert opened(KEY.digest, sealed(shared, SECRET), SECRET) == shared
    assert opened(KEY.digest, VALUE, SECRET) == SHARED


@given(st.integers(0, len(VALUE) - 1), st.integers(1, 255))
def test_a_value_with_any_byte_changed_is_none(place: int, change: int) -> None:
    forged = bytearray(VALUE)
    forged[place] ^= change
    assert opened(KEY.digest, bytes(forged), SECRET) is None


@given(
    st.binary(max_size=300)
    | st.binary(max_size=20).map(lambda rest: VALUE + rest)
    | st.integers(0, len(VALUE) - 1).map(lambda n: VALUE[:n])
)
def test_whatever_else_lies_there_is_none(value: bytes) -> None:
    assert opened(KEY.digest, value, SECRET) is None or value == VALUE


@given(st.binary(min_size=32, max_size=32))
def test_a_value_moved_to_another_key_is_none(digest: bytes) -> None:
    assert opened(digest, VALUE, SECRET) is None or digest == KEY.digest


def test_a_value_of_another_server_secret_is_none() -> None:
    assert opened(KEY.digest, sealed(SHARED, Digests(bytes(range(1, 33))).derived("tests")), SECRET) is None


def test_a_value_whose_parts_do_not_belong_together_is_none() -> None:
    assert opened(KEY.digest, sealed(SharedKey(START, KEY, replace(TIER, name="partner")), SECRET), SECRET) is None


def test_no_secret_is_in_a_value() -> None:
    assert SECRET not in VALUE
    assert bytes(range(32)) not in VALUE


@pytest.mark.parametrize(
    ("age", "is_kept"),
    [(0, True), (299, True), (300, False), (-61, False), (86_400, False)],
)
def test_a_value_is_kept_for_its_tiers_lifetime(age: int, is_kept: bool) -> None:
    assert SHARED.is_kept(START + timedelta(seconds=age)) is is_kept
    long = replace(SHARED, tier=replace(TIER, key_cache_seconds=86_400))
    assert long.kept_for == KEPT_MOST


def test_a_count_of_a_month_is_soon_too_old_to_let_a_key_in_by() -> None:
    assert SHARED.is_counted(START + COUNTED_MOST - timedelta(microseconds=1))
    assert not SHARED.is_counted(START + COUNTED_MOST)
    free = replace(SHARED, tier=replace(TIER, monthly_quota=None))
    assert free.is_counted(START + timedelta(days=1))
    own = replace(free, key=replace(KEY, restrictions=Restrictions(monthly_quota=5)))
    assert not own.is_counted(START + timedelta(minutes=1))
