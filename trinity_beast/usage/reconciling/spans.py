"""Rows of sequences: joined, taken from each other, counted. Pure."""

from collections.abc import Iterable, Sequence

from trinity_beast.usage.model import Span


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return the same sequences in as few spans as can be, in order."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.first <= found[-1].last + 1:
            found[-1] = Span(found[-1].first, max(found[-1].last, span.last))
        else:
            found.append(span)
    return found


def without(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """Return the sequences of `spans` that are in none of `others`."""
    left: list[Span] = []
    taken = joined(others)
    for span in joined(spans):
        first = span.first
        for other in taken:
            if other.last < first or other.first > span.last:
                continue
            if other.first > first:
                left.append(Span(first, other.first - 1))
            first = other.last + 1
        if first <= span.last:
            left.append(Span(first, span.last))
    return left


def count_of(spans: Sequence[Span]) -> int:
    """Return how many sequences there are in spans that do not overlap."""
    return sum(span.last - span.first + 1 for span in spans)
