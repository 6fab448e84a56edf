"""The nouns of the trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Signature:
    """Who makes a change and why. `action` names it (`rotated`); empty, it is `created`, `changed` or `removed`."""

    by: str
    reason: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was done and changed no row of a kept table; `at` None is now."""

    signature: Signature
    kind: str
    subject: str
    facts: Mapping[str, object]
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one row. `before` and `after` hold what differs, and are None where there was, or is, no row."""

    entry_id: int
    at: datetime
    by: str
    reason: str
    action: str
    kind: str
    subject: str
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries are wanted: of one `kind`, of one `subject` of it, below an entry. Empty means all."""

    kind: str = ""
    subject: str = ""
    before: int | None = None
    limit: int = 50
