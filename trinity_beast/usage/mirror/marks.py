"""How far a lane is mirrored, and what of it is missing. Pure.

Within a lane sequences and times rise together: one thread writes it, and its clock never steps back. So whatever
follows a sequence that is mirrored is no older than it; that is where a search for what is missing begins.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from trinity_beast.usage.model import Span

RANGES_MAX = 512
"""Of a lane in more pieces than that the oldest are joined: what lies in the gaps between them is then taken for mirrored.
Gaps are sequences that were lost, or batches set aside; a full synchronisation finds what came into them since."""
DIGITS_MAX = 20


class Range(NamedTuple):
    """A row of mirrored sequences, both ends included, and the Unix time of its last in µs."""

    first: int
    last: int
    last_us: int


class Missing(NamedTuple):
    """Sequences that are stored and not mirrored. None of them is older than `since_us`."""

    span: Span
    since_us: int


@dataclass(frozen=True, slots=True)
class LaneMark:
    """What of a lane is mirrored, in order, no two ranges touching."""

    ranges: tuple[Range, ...] = ()

    def missing(self, stored: Sequence[Span]) -> list[Missing]:
        """Return what of `stored`, which is in order and nowhere touches itself, is not mirrored."""
        found = []
        for span in stored:
            found += self._missing_of(span)
        return found

    def with_ranges(self, more: Iterable[Range]) -> "LaneMark":
        """Return the mark once `more` is mirrored too."""
        joined: list[Range] = []
        for each in sorted([*self.ranges, *more]):
            if joined and each.first <= joined[-1].last + 1:
                before = joined[-1]
                joined[-1] = Range(before.first, max(before.last, each.last), max(before.last_us, each.last_us))
            else:
                joined.append(each)
        if len(joined) > RANGES_MAX:
            old, joined = joined[: len(joined) - RANGES_MAX + 1], joined[len(joined) - RANGES_MAX + 1 :]
            joined.insert(0, Range(old[0].first, old[-1].last, old[-1].last_us))
        return LaneMark(tuple(joined))

    def told(self) -> str:
        """Return the mark as text."""
        return json.dumps([list(each) for each in self.ranges], separators=(",", ":"))

    def _missing_of(self, span: Span) -> list[Missing]:
        found, first = [], span.first
        place = bisect_right([each.first for each in self.ranges], span.first) - 1
        since_us = 0
        if place >= 0:
            since_us = self.ranges[place].last_us
            first = max(first, self.ranges[place].last + 1)
        for each in self.ranges[place + 1 :]:
            if each.first > span.last:
                break
            if first < each.first:
                found.append(Missing(Span(first, each.first - 1), since_us))
            first, since_us = max(first, each.last + 1), each.last_us
        if first <= span.last:
            found.append(Missing(Span(first, span.last), since_us))
        return found


def mark_of(text: bytes) -> LaneMark:
    """Return the mark that `told` made this of; of anything else an empty one, which has everything mirrored anew."""
    try:
        ranges = json.loads(text)
        told = [Range(*each) for each in ranges]
    except (ValueError, TypeError, RecursionError):
        return LaneMark()
    if not all(type(number) is int and 0 <= number < 10**DIGITS_MAX for each in told for number in each):
        return LaneMark()
    is_ordered = all(one.last + 1 < other.first for one, other in pairwise(told))
    return LaneMark(tuple(told)) if is_ordered and all(each.first <= each.last for each in told) else LaneMark()


class Seen:
    """Collects the records that pass, lane by lane, as ranges. Cheap where they come nearly in order."""

    def __init__(self) -> None:
        self._ranges: dict[int, list[list[int]]] = {}

    def add(self, lane: int, sequence: int, time_us: int) -> None:
        """Note a record."""
        ranges = self._ranges.setdefault(lane, [])
        for each in reversed(ranges[-4:]):
            if each[0] - 1 <= sequence <= each[1] + 1:
                each[0], each[1], each[2] = min(each[0], sequence), max(each[1], sequence), max(each[2], time_us)
                return
        ranges.append([sequence, sequence, time_us])

    def taken(self) -> dict[int, list[Range]]:
        """Return what was collected since the last call, by lane."""
        taken = {lane: [Range(*each) for each in ranges] for lane, ranges in self._ranges.items()}
        self._ranges = {}
        return taken
