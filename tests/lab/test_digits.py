"""Numbers and times are written as venues write them."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.lab.digits import (
    decimal_text,
    milliseconds_text,
    nanoseconds_of,
    rfc3339,
    rfc3339_us,
    scientific,
    seconds_text,
    units_of,
    unix_ns,
)
from trinity_beast.lab.faults.untrue import in_cents
from trinity_beast.lab.listings import grids
from trinity_beast.lab.model import MS_NS, SECOND_NS


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


@given(st.integers(1, 10**12), st.integers(0, 14))
def test_a_number_as_java_prints_it_is_the_same_number_and_has_an_exponent_only_below_a_thousandth(units: int, decimals: int) -> None:
    text = decimal_text(units, decimals)
    told = scientific(text)
    assert Decimal(told) == Decimal(text)
    assert ("E" in told) == (Decimal(text) < Decimal("0.001"))


@given(st.integers(0, 2_000_000_000 * SECOND_NS))
def test_unix_times_in_every_unit_are_read_back(time_ns: int) -> None:
    microseconds = time_ns // 1000 * 1000
    assert unix_ns(milliseconds_text(time_ns), MS_NS) == time_ns
    assert unix_ns(seconds_text(time_ns), SECOND_NS) == microseconds
    assert nanoseconds_of(rfc3339_us(time_ns)) == microseconds


@given(st.integers(1, 10**9), st.integers(0, 9))
def test_a_listing_s_grids_keep_six_digits_of_the_price_and_let_a_size_be_worth_little(units: int, decimals: int) -> None:
    price = Decimal(units).scaleb(-decimals)
    price_decimals, size_decimals = grids(f"{price:f}")
    assert Decimal(1).scaleb(-price_decimals) <= price / 10**5 or price_decimals in {1, 12}
    assert Decimal(1).scaleb(-size_decimals) * price < Decimal(10) or size_decimals == 8
