"""Whether what the callers counted and what the meter says are the same, to the unit. Pure.

An answer that came has exactly one row, of its key and status. An answer that never came may have left a row: it was written
before the answer, and then somebody died. Each row without an answer must be such a request's, and no request has two.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from trinity_beast.rehearsal.meter.model import SECOND_NS, Counted, Cut, Heard, Ledger, Row

SLACK_NS = SECOND_NS
"""By how much a node's guarded clock may be apart from the callers'."""
LATE_NS = 15 * SECOND_NS
"""How long after a caller gave up its request may still be answered, and recorded."""
KEYLESS = frozenset(["DEPENDENCY_AWAY"])
"""Told to callers whose key nobody could look up: such an answer is nobody's, and has no row."""
SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class KeyCount:
    """One key's requests: what its callers counted, what the meter says."""

    key_id: int
    heard: int
    cut_recorded: int
    cut_unrecorded: int
    keyless: int
    rows: int
    told: Mapping[str, Counted]
    """By each who counts: the counters, the reports."""

    @property
    def count(self) -> int:
        """The callers' count: answers that came, and requests cut off that were answered."""
        return self.heard + self.cut_recorded


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison came to: nothing may be among the problems."""

    keys: tuple[KeyCount, ...]
    problems: tuple[str, ...]


def judge(ledger: Ledger, rows: Sequence[Row], told: Mapping[str, Mapping[int, Counted]]) -> Verdict:
    """Compare. `told` is what each who counts says of each key."""
    heard = {(each.node, each.request_id): each for each in ledger.heard if each.code not in KEYLESS}
    keyless = [each for each in ledger.heard if each.code in KEYLESS]
    problems = [*_twice(ledger.heard), *_by_answers(heard, rows), *_keyless(keyless, rows), *ledger.unreadable]
    orphans = [row for row in rows if (row.node, row.request_id) not in heard]
    matched, unmatched = _matched(orphans, ledger.cuts)
    problems += _shown("nobody sent the request of {}", unmatched)
    key_ids = sorted({*(each.key_id for each in ledger.heard), *(cut.key_id for cut in ledger.cuts), *(row.key_id for row in rows)})
    counts = _Counts(heard.values(), matched, ledger.cuts, keyless, rows)
    keys = tuple(counts.of(key_id, told) for key_id in key_ids)
    refused = Counter(row.key_id for row in rows if row.status >= 400)
    for key in keys:
        problems += _by_counts(key, refused[key.key_id])
    return Verdict(keys, tuple(problems))


class _Counts:
    """How many of each there are by key."""

    def __init__(
        self, heard: Iterable[Heard], matched: Iterable[Row], cuts: Iterable[Cut], keyless: Iterable[Heard], rows: Iterable[Row]
    ) -> None:
        self._heard = Counter(each.key_id for each in heard)
        self._matched = Counter(row.key_id for row in matched)
        self._cuts = Counter(cut.key_id for cut in cuts)
        self._keyless = Counter(each.key_id for each in keyless)
        self._rows = Counter(row.key_id for row in rows)

    def of(self, key_id: int, told: Mapping[str, Mapping[int, Counted]]) -> KeyCount:
        nothing = Counted(0, 0)
        return KeyCount(
            key_id=key_id,
            heard=self._heard[key_id],
            cut_recorded=self._matched[key_id],
            cut_unrecorded=self._cuts[key_id] - self._matched[key_id],
            keyless=self._keyless[key_id],
            rows=self._rows[key_id],
            told={name: by_key.get(key_id, nothing) for name, by_key in told.items()},
        )


def _twice(heard: Sequence[Heard]) -> list[str]:
    counted = Counter((each.node, each.request_id) for each in heard)
    return _shown("two answers bear the id of {}", [each for each, times in counted.items() if times > 1])


def _by_answers(heard: Mapping[tuple[str, int], Heard], rows: Sequence[Row]) -> list[str]:
    by_id: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        by_id[row.node, row.request_id].append(row)
    missing = [each for name, each in heard.items() if name not in by_id]
    doubled = [found for found in by_id.values() if len(found) > 1]
    other = [(each, by_id[name][0]) for name, each in heard.items() if name in by_id and _differs(each, by_id[name][0])]
    return [
        *_shown("no row is there for {}", missing),
        *_shown("a request has more than one row: {}", doubled),
        *_shown("answer and row differ: {}", other),
    ]


def _differs(heard: Heard, row: Row) -> bool:
    return (heard.key_id, heard.code) != (row.key_id, row.code) or heard.status not in {0, row.status}


def _keyless(keyless: Sequence[Heard], rows: Sequence[Row]) -> list[str]:
    known = {(row.node, row.request_id) for row in rows}
    return _shown("a row is there for an answer to nobody: {}", [each for each in keyless if (each.node, each.request_id) in known])


def _matched(orphans: Sequence[Row], cuts: Sequence[Cut]) -> tuple[list[Row], list[Row]]:
    """Give each row without an answer a cut request of its node and key that was under way at its time, and each but one.

    The one that was given up first is taken: whatever fits a later row is then left for it.
    """
    open_cuts: dict[tuple[str, int], list[Cut]] = defaultdict(list)
    for cut in sorted(cuts, key=lambda cut: cut.until_ns):
        open_cuts[cut.node, cut.key_id].append(cut)
    matched, unmatched = [], []
    for row in sorted(orphans, key=lambda row: row.time_ns):
        candidates = open_cuts[row.node, row.key_id]
        fits = (place for place, cut in enumerate(candidates) if cut.sent_ns - SLACK_NS <= row.time_ns <= cut.until_ns + LATE_NS)
        place = next(fits, None)
        if place is None:
            unmatched.append(row)
        else:
            candidates.pop(place)
            matched.append(row)
    return matched, unmatched


def _by_counts(key: KeyCount, refused: int) -> list[str]:
    problems = []
    if key.count != key.rows:
        problems.append(f"key {key.key_id}: its callers counted {key.count:,}, there are {key.rows:,} rows")
    for name, told in key.told.items():
        if told != (key.rows, refused):
            problems.append(f"key {key.key_id}: {name} say {told}, the rows {(key.rows, refused)}")
    return problems


def _shown(sentence: str, found: Sequence[object]) -> list[str]:
    """Return the first few as sentences, and how many more there are."""
    shown = [sentence.format(each) for each in found[:SHOWN_MAX]]
    return shown if len(found) <= SHOWN_MAX else [*shown, f"… and {len(found) - SHOWN_MAX:,} more of that"]
