"""Prices as digits: the venue's own, exponents written out, never through a float."""

import re

DIGITS_MAX = 40
_PLAIN = re.compile(r"(?=[0.]*[1-9])[0-9]+(?:\.[0-9]+)?", re.ASCII)
_EXPONENT = re.compile(r"([0-9]+)(?:\.([0-9]+))?[eE]([+-]?[0-9]{1,3})", re.ASCII)


class DigitsRefused(ValueError):
    """A price is missing, zero, negative, no number, or longer than 40 characters."""


class Number(str):
    """A number with a fraction or an exponent, as its literal text in the JSON. Not equal to the same text in quotes: look at the type."""

    __slots__ = ()


def price_digits(value: object) -> str:
    """Return a price as plain digits: `"65083.66"`, `63501.6` and `9.2E-7` give `65083.66`, `63501.6` and `0.00000092`.

    Raises:
        DigitsRefused: it is none.
    """
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and len(value) <= DIGITS_MAX:
            return str(value)
        return plain(value)
    if type(value) is int and value > 0:
        digits = str(value)
        if len(digits) <= DIGITS_MAX:
            return digits
    raise DigitsRefused(value)


def plain(text: str) -> str:
    """Return a number above zero without its exponent, every digit kept.

    Raises:
        DigitsRefused: it is zero, negative, no number, or longer than 40 characters once written out.
    """
    found = _EXPONENT.fullmatch(text)
    if found is None:
        raise DigitsRefused(text)
    whole, fraction, exponent = found.group(1), found.group(2) or "", int(found.group(3))
    digits, point = whole + fraction, len(whole) + exponent
    if abs(exponent) > DIGITS_MAX or not digits.strip("0"):
        raise DigitsRefused(text)
    if point <= 0:
        written = "0." + "0" * -point + digits
    elif point >= len(digits):
        written = digits + "0" * (point - len(digits))
    else:
        written = f"{digits[:point]}.{digits[point:]}"
    written = re.sub(r"^0+(?=[0-9])", "", written)
    if len(written) > DIGITS_MAX:
        raise DigitsRefused(text)
    return written
