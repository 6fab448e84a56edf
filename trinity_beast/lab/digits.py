"""Writing numbers and times as venues write them: from integers, never through a float."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from trinity_beast.lab.model import SECOND_NS

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
