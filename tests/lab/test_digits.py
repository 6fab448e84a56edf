"""Numbers and times are written as venues write them."""

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.lab.digits import decimal_text, nanoseconds_of, rfc3339, units_of
from trinity_beast.lab.faults.untrue import in_cents


def test_zeros_at_the_end_are_left_out_or_kept() -> None:
    assert decimal_text(191940, 2) == "1919.4"
    assert decimal_text(191900, 2) == "1919"
    assert decimal_text(191940, 2, padded=True) == "1919.40"
    assert decimal_text(5, 8) == "0.00000005"
    assert decimal_text(5, 0) == "5"


@given(st.integers(0, 10**30), st.integers(0, 15), st.booleans())
def test_units_come_back_from_their_text(units: int, decimals: int, padded: bool) -> None:
    assert units_of(decimal_text(units, decimals, padded=padded), decimals) == units


def test_times_have_as_many_digits_as_they_need() -> None:
    assert rfc3339(1786309548228568804) == "2026-08-09T21:05:48.228568804Z"
    assert rfc3339(1786309548228568000) == "2026-08-09T21:05:48.228568Z"
    assert rfc3339(1786309548000000000) == "2026-08-09T21:05:48Z"


@given(st.integers(0, 4_000_000_000 * 10**9))
def test_times_come_back_from_their_text(time_ns: int) -> None:
    assert nanoseconds_of(rfc3339(time_ns)) == time_ns


def test_cents_are_a_hundred_times_as_many() -> None:
    assert in_cents("65000.12") == "6500012"
    assert in_cents("65000") == "6500000"
    assert in_cents("0.00000293") == "0.000293"
    assert in_cents("1.5") == "150"
