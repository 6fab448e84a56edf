"""Into which bucket a time falls: the same bounds in the engine, in every node, for ever. Pure.

Below 64 ns a bucket is a nanosecond; above, a 64th of the power of two its times lie in. `engine/src/latency.rs` says the same.
"""

STEP_BITS = 6
"""Two to this many buckets share a power of two."""
BUCKETS = 1_728
NS_MOST = 2**32 - 1
"""What took longer counts as this, 4.29 s, as it does in its usage record."""
ERROR_MAX = 1 / 128
"""By how much of itself, 0.8 per cent, a time may differ from the middle of its bucket."""


def bucket_of(ns: int) -> int:
    """Return the bucket of a time, which is not negative."""
    ns = min(ns, NS_MOST)
    shift = max(0, ns.bit_length() - STEP_BITS - 1)
    return (shift << STEP_BITS) + (ns >> shift)


def least_of(bucket: int) -> int:
    """Return the shortest time of a bucket; of the one past the last, the time at which the last ends."""
    shift = max(0, (bucket >> STEP_BITS) - 1)
    return (bucket - (shift << STEP_BITS)) << shift


def middle_of(bucket: int) -> int:
    """Return the time that stands for all of a bucket."""
    return (least_of(bucket) + least_of(bucket + 1) - 1) // 2
