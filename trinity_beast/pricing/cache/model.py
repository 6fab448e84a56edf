"""A price as it lies in the shared cache."""

from dataclasses import dataclass

EXCHANGE_TIME_DIGITS = 19
"""Unix nanoseconds have so many digits from 2001 to 2286; the script in the cache compares them as text."""


@dataclass(frozen=True, slots=True)
class SharedPrice:
    """What a node tells its neighbours of one venue's symbol. The order of the fields is that of the JSON.

    `exchange_time_ns` is by the venue's clock; `received_time_ns` and `proven_time_ns` (when the node was last sure that the
    venue had printed nothing newer) are by the node's, told for people. What others reckon with are durations, all as of
    `written_us`, a moment of the cache's own clock: `age_ns` by the node's opinion, `held_ns` since it received the trade,
    `unproven_ns` since the last proof; and `usable_for_ns`, the age at which it stops being usable, reached at `expires_us`.
    """

    exchange_time_ns: int
    asset: str
    venue: str
    symbol: str
    quote: str
    price: str
    source: str
    state: str
    received_time_ns: int
    proven_time_ns: int
    age_ns: int
    held_ns: int
    unproven_ns: int
    usable_for_ns: int
    node: str
    written_us: int
    expires_us: int
