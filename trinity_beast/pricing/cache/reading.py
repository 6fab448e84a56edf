"""Reading what lies in the shared cache, as bytes from outside: whole, ours, and about what was asked for, or refused. Pure."""

import re
from enum import StrEnum

import msgspec

from trinity_beast.feeds import MappedAsset
from trinity_beast.pricing.cache.model import EXCHANGE_TIME_DIGITS, SharedPrice

VALUE_BYTES_MAX = 1_024
FUTURE_NS_MAX = 2_000_000_000
"""A venue's clock may be ahead of ours by so much; further on nothing was printed yet."""
AGE_NS_MAX = 86_400 * 1_000_000_000
STATES = frozenset(["live", "quiet", "rest"])
_PRICE = re.compile(r"(?=.*[1-9])(?!.{41})[0-9]+(\.[0-9]+)?", re.ASCII)
_decoder = msgspec.json.Decoder(SharedPrice)


class Misfit(StrEnum):
    """Why a value was refused."""

    UNREADABLE = "unreadable"
    """It is no JSON, or a field is missing or of another kind."""
    FOREIGN = "foreign"
    """It is of another market than ours: the lab's for a live node, or the reverse."""
    OTHER = "other"
    """It is about another asset, venue, symbol or quote than the map has there."""
    FUTURE = "future"
    """It says that it was printed in the future."""
    OUT_OF_RANGE = "out_of_range"
    """A price that is none, a state that is never shared, an age that cannot be."""


def price_read(value: bytes, row: MappedAsset, *, source_prefix: str, wall_ns: int) -> SharedPrice | Misfit:
    """Return what a neighbour told of a row's symbol, or why it is not to be believed."""
    if len(value) > VALUE_BYTES_MAX:
        return Misfit.UNREADABLE
    try:
        told = _decoder.decode(value)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return Misfit.UNREADABLE
    if told.source not in {f"{source_prefix}{row.venue}-ws", f"{source_prefix}{row.venue}-rest"}:
        return Misfit.FOREIGN
    if (told.asset, told.venue, told.symbol, told.quote) != (row.asset, row.venue, row.symbol, row.quote):
        return Misfit.OTHER
    if told.exchange_time_ns > wall_ns + FUTURE_NS_MAX:
        return Misfit.FUTURE
    return told if _is_in_range(told) else Misfit.OUT_OF_RANGE


def _is_in_range(told: SharedPrice) -> bool:
    durations = (told.age_ns, told.held_ns, told.unproven_ns, told.usable_for_ns)
    return (
        told.state in STATES
        and _PRICE.fullmatch(told.price) is not None
        and len(str(told.exchange_time_ns)) == EXCHANGE_TIME_DIGITS
        and all(0 <= one <= AGE_NS_MAX for one in durations)
        and told.unproven_ns <= told.held_ns <= told.age_ns
        and 0 < told.written_us <= told.expires_us
    )
