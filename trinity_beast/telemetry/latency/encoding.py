"""A histogram as a short text, for a node's neighbours to read and add up. Pure.

`1 1400 707:2 12:1`: the version, all nanoseconds together, and the buckets that are not empty, each by how far it lies
behind the one before (the first behind 0), with its count.
"""

from trinity_beast.telemetry.latency.buckets import BUCKETS
from trinity_beast.telemetry.latency.histogram import Histogram

VERSION = "1"
_DIGITS_MAX = 20
"""As many as the largest count of 64 bits has."""


def encoded(histogram: Histogram) -> str:
    """Return a histogram as text: some six characters for each bucket that is not empty."""
    parts, last = [VERSION, str(histogram.sum_ns)], 0
    for bucket in sorted(histogram.buckets):
        parts.append(f"{bucket - last}:{histogram.buckets[bucket]}")
        last = bucket
    return " ".join(parts)


def decoded(text: str) -> Histogram:
    """Return the histogram that `encoded` made this text of.

    Raises:
        ValueError: it is no such text, or a newer program's.
    """
    version, *parts = text.split(" ", BUCKETS + 2)
    if version != VERSION or not parts:
        raise ValueError("a histogram begins with its version, 1, and the sum of its times")
    sum_ns, *pairs = parts
    buckets, bucket = dict[int, int](), 0
    for place, pair in enumerate(pairs):
        step, _, count = pair.partition(":")
        bucket += _number(step, least=0 if place == 0 else 1)
        if bucket >= BUCKETS:
            raise ValueError(f"a histogram has {BUCKETS} buckets")
        buckets[bucket] = _number(count, least=1)
    return Histogram(buckets, _number(sum_ns, least=0))


def _number(text: str, *, least: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX and int(text) >= least):
        raise ValueError(f"a number of at least {least} expected, not {text[:_DIGITS_MAX]!r}")
    return int(text)
