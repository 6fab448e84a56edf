"""How many callers at once: the levels of a stress test, and how each is spread over connections."""

from collections.abc import Sequence

LEVELS = (30, 60, 150, 300, 600, 1_500, 3_000, 4_500, 6_000, 9_000, 12_000, 15_000, 21_000)
"""The thirteen levels: from thirty callers to twenty-one thousand."""
LEVELS_MAX = 100
CONCURRENT_MAX = 1_000_000
CONNECTIONS_MAX = 11_000
"""Connections a client opens at most unless told otherwise: a node takes 12,000 from one address."""
DEPTH_MAX = 1_024


def read_levels(text: str) -> tuple[int, ...]:
    """Read `30,300,3000`.

    Raises:
        ValueError: it is no list of levels; the message says why.
    """
    words = text.replace(",", " ").split()
    if not 1 <= len(words) <= LEVELS_MAX:
        raise ValueError(f"1 to {LEVELS_MAX} levels, such as 30,300,3000")
    for word in words:
        if not (word.isascii() and word.isdigit() and len(word) <= 7 and 1 <= int(word) <= CONCURRENT_MAX):
            raise ValueError(f"{word[:20]!r} is no level; one is a number from 1 to {CONCURRENT_MAX:,}")
    return tuple(int(word) for word in words)


def spread(concurrent: int, *, connections_max: int, depth: int = 1) -> tuple[int, int]:
    """Return how many connections, with how many requests in flight on each, make up `concurrent` requests at once.

    `depth` requests a connection, more where the connections would be too many. The product is `concurrent` or, where that
    does not divide, the next number above it.

    Raises:
        ValueError: no connection can have so many in flight.
    """
    deep = max(min(depth, concurrent), -(-concurrent // connections_max))
    if deep > DEPTH_MAX:
        raise ValueError(f"{concurrent:,} requests at once over {connections_max:,} connections are more than {DEPTH_MAX:,} on each")
    return -(-concurrent // deep), deep


def share(whole: int, parts: int) -> Sequence[int]:
    """Return `whole` in as many parts, as equal as can be."""
    return [whole // parts + (part < whole % parts) for part in range(parts)]
