"""Which keys and tiers changed lately, so that what was read before that is not believed, whoever put it back."""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from trinity_beast.access.model import Change
from trinity_beast.access.shared_keys.sealed import KEPT_MOST, SharedKey

COMMIT_MOST = timedelta(seconds=30)
"""A change is stamped when it is made and seen when it is committed: what was read meanwhile may be from before it."""
KEPT_ENTRIES = 50_000
NOBODY = datetime.max.replace(tzinfo=UTC)

Subject = bytes | str
"""A key's digest, or a tier's name."""


class ChangedLately:
    """Remembers changes for as long as a value from before them could be believed. Times are the database's.

    Until the first look at the changes nothing is believed; past `entries_max` changes nothing from before the oldest forgotten.
    """

    def __init__(self, *, entries_max: int = KEPT_ENTRIES) -> None:
        self._entries_max = entries_max
        self._changed: OrderedDict[Subject, datetime] = OrderedDict()
        self._floor = NOBODY
        self._ahead = timedelta(0)

    @property
    def reach(self) -> timedelta:
        """How far back the first look must go."""
        return KEPT_MOST + COMMIT_MOST

    def looked(self, changes: Sequence[Change], *, at: datetime, here: datetime, is_whole: bool) -> None:
        """Hear what a look at `at`, by the database's clock, found; here it was `here`. `is_whole`: none was left out."""
        self._ahead = at - here
        if self._floor is NOBODY:
            self._floor = at - self.reach
        if not is_whole:
            self._floor = max(self._floor, at)
        for change in changes:
            subject = change.digest if change.digest is not None else change.tier
            if subject is not None and change.changed_at is not None:
                self._note(subject, change.changed_at)
        while self._changed and next(iter(self._changed.values())) < at - self.reach:
            self._changed.popitem(last=False)

    def heard(self, subject: Subject, *, here: datetime) -> None:
        """Hear that a key or a tier was changed just now."""
        self._note(subject, here + self._ahead)

    def believes(self, shared: SharedKey) -> bool:
        """Whether nothing of the key and its tier was changed since this was read."""
        subjects = (shared.key.digest, shared.tier.name)
        changed = [at for subject in subjects if (at := self._changed.get(subject)) is not None]
        return shared.read_at > max([self._floor, *(at + COMMIT_MOST for at in changed)])

    @property
    def remembered(self) -> int:
        """How many changes are remembered."""
        return len(self._changed)

    def _note(self, subject: Subject, at: datetime) -> None:
        known = self._changed.pop(subject, at)
        self._changed[subject] = max(known, at)
        while len(self._changed) > self._entries_max:
            _, forgotten = self._changed.popitem(last=False)
            self._floor = max(self._floor, forgotten + COMMIT_MOST)
