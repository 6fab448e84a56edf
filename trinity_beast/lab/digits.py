"""Writing numbers and times as venues write them: from integers, never through a float."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from trinity_beast.lab.model import MS_NS, SECOND_NS, Listing

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def decimal_text(units: int, decimals: int, *, padded: bool = False) -> str:
    """Return `units` times 10^-`decimals` in plain digits. Without `padded`, zeros at the end of the fraction are left out."""
    if decimals == 0:
        return str(units)
    text = str(units).zfill(decimals + 1)
    whole, fraction = text[:-decimals], text[-decimals:]
    if not padded:
        fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def price_text(units: int, listing: Listing) -> str:
    """Return a price of `units` steps of the listing's grid, in the digits the venue prints."""
    text = decimal_text(units, listing.price_decimals, padded=listing.pads_digits)
    return text + "0" * max(listing.price_digits - listing.price_decimals, 0)


def plain_text(number: Decimal, decimals: int) -> str:
    """Return a reckoned number in plain digits; what lies beyond `decimals` is cut off."""
    units = int(number.scaleb(decimals))
    return f"-{decimal_text(-units, decimals)}" if units < 0 else decimal_text(units, decimals)


def scientific(text: str) -> str:
    """Return a number in plain digits as Java prints a double: `9.2E-7` below a thousandth, plain above."""
    whole, _, fraction = text.partition(".")
    digits = fraction.lstrip("0")
    zeros = len(fraction) - len(digits)
    if whole != "0" or zeros < 3 or not digits:
        return text
    digits = digits.rstrip("0")
    return f"{digits[0]}.{digits[1:] or '0'}E-{zeros + 1}"


def units_of(text: str, decimals: int) -> int:
    """Return the integer that `decimal_text` would print as `text`; digits beyond `decimals` are cut off."""
    whole, _, fraction = text.partition(".")
    return int(whole + fraction[:decimals].ljust(decimals, "0"))


@lru_cache(maxsize=64)
def _second_text(second: int) -> str:
    return (EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S")


def rfc3339(time_ns: int) -> str:
    """Return a time as RFC 3339 in UTC with as many digits of the second as it has: none, or up to nine."""
    second, rest = divmod(time_ns, SECOND_NS)
    fraction = f"{rest:09d}".rstrip("0")
    return f"{_second_text(second)}.{fraction}Z" if fraction else f"{_second_text(second)}Z"


def nanoseconds_of(text: str) -> int:
    """Return the Unix nanoseconds of an RFC 3339 time in UTC with up to nine digits of the second."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    second = round((datetime.fromisoformat(whole).replace(tzinfo=UTC) - EPOCH).total_seconds())
    return second * SECOND_NS + int(fraction[:9].ljust(9, "0"))


def rfc3339_us(time_ns: int) -> str:
    """Return a time as RFC 3339 in UTC with six digits of the second, always."""
    second, rest = divmod(time_ns, SECOND_NS)
    return f"{_second_text(second)}.{rest // 1000:06d}Z"


def seconds_text(time_ns: int) -> str:
    """Return a time in Unix seconds with six digits of the second."""
    second, rest = divmod(time_ns, SECOND_NS)
    return f"{second}.{rest // 1000:06d}"


def milliseconds_text(time_ns: int) -> str:
    """Return a time in Unix milliseconds with six digits of the millisecond."""
    milliseconds, rest = divmod(time_ns, MS_NS)
    return f"{milliseconds}.{rest:06d}"


def unix_ns(text: str, unit_ns: int) -> int:
    """Return the nanoseconds of a Unix time written in units of `unit_ns`, with or without a fraction."""
    whole, _, fraction = text.partition(".")
    decimals = len(str(unit_ns)) - 1
    return int(whole) * unit_ns + int(fraction[:decimals].ljust(decimals, "0") or "0")
