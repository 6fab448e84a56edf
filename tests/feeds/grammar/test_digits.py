from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.feeds.grammar.digits import DIGITS_MAX, DigitsRefused, Number, price_digits

DIGITS = st.text(alphabet="0123456789", min_size=1, max_size=12)


@given(DIGITS, DIGITS, st.integers(-30, 30), st.sampled_from(["e", "E"]))
def test_an_exponent_written_out_is_the_same_number_with_every_digit(whole: str, fraction: str, exponent: int, letter: str) -> None:
    text = f"{whole}.{fraction}{letter}{exponent:+d}"
    try:
        digits = price_digits(Number(text))
    except DigitsRefused:
        assert not Decimal(text) or len(f"{Decimal(text):f}") > DIGITS_MAX - 2
        return
    assert Decimal(digits) == Decimal(text)
    assert "e" not in digits.lower()
    assert len(digits) <= DIGITS_MAX
    assert type(digits) is str


@given(st.one_of(st.text(max_size=50), st.integers(), st.floats(), st.none(), st.booleans(), st.binary(max_size=4)))
def test_a_price_is_plain_digits_above_zero_or_refused(value: object) -> None:
    try:
        digits = price_digits(value)
    except DigitsRefused:
        return
    assert digits.isascii()
    assert digits.replace(".", "", 1).isdigit()
    assert Decimal(digits) > 0
    assert len(digits) <= DIGITS_MAX


def test_the_venues_own_digits_are_kept() -> None:
    assert price_digits("83371.08000") == "83371.08000"
    assert price_digits(Number("0.00005100")) == "0.00005100"
    assert price_digits(Number("63501.6")) == "63501.6"
    assert price_digits(77474) == "77474"
    assert price_digits(Number("9.2E-7")) == "0.00000092"
    assert price_digits(Number("1.50E3")) == "1500"
    assert price_digits(Number("1.500E2")) == "150.0"


@pytest.mark.parametrize(
    "value",
    ["", "0", "0.00", 0, -1, "-1", "+1", "NaN", "Infinity", "1.", ".5", "1,5", " 1", "1_0", "0x10", "1e5000", "0e5", None, True, 1.5, "٣",
     "1" * 41, Number("1e-60"), Number("-9.2E-7"), 10**41, "1.2.3", "1\n"],
)  # fmt: skip
def test_what_is_no_price_is_refused(value: object) -> None:
    with pytest.raises(DigitsRefused):
        price_digits(value)
