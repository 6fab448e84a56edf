"""The nouns of what was set aside."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What it is."""

    BATCH = "batch"
    """Records the database refuses."""
    MESSAGE = "message"
    """A message of the queue that is no envelope of ours, or of a type we do not know."""


class Outcome(StrEnum):
    """What became of it."""

    STORED = "stored"
    DISCARDED = "discarded"


@dataclass(frozen=True, slots=True)
class SetAside:
    """One batch or message that a person should look at. What only batches, or only messages, have is None or empty for the others."""

    set_aside_id: int
    kind: Kind
    node: str
    boot: str
    thread: int | None
    first_sequence: int | None
    last_sequence: int | None
    records: int | None
    message_id: str
    message_type: str
    reason: str
    tries: int
    packed_bytes: int
    set_aside_at: datetime
    settled_at: datetime | None
    settled_by: str
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of them, the newest first; `next_before` asks for those after, and is None at the end."""

    items: list[SetAside]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """How much waits for a person: so many batches with so many records, so many messages, the oldest since when."""

    batches: int
    records: int
    messages: int
    oldest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Redriven:
    """What a second try of one came to: stored now, with so many records new; or else why not."""

    set_aside_id: int
    is_stored: bool
    records: int = 0
    reason: str = ""
