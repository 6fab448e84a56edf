"""The nouns of an examination: what was looked at, how it stands, and what mends it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Standing(StrEnum):
    """How one thing stands."""

    GOOD = "good"
    WEAK = "weak"
    """It works, and will not under load or before long."""
    WRONG = "wrong"
    UNSEEN = "unseen"
    """It could not be looked at, or is not there to be looked at."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at: what was found, and where that is not good, what mends it."""

    check: str
    standing: Standing
    found: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """A port a node is set to open. Port 0 is chosen by the system."""

    name: str
    host: str
    port: int
    is_udp: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{'udp' if self.is_udp else 'tcp'} ({self.name})"


@dataclass(frozen=True, slots=True)
class Room:
    """What is left of a disk: bytes we may write, bytes in all, and files that may still be made."""

    free_bytes: int
    total_bytes: int
    files_free: int | None = None


@dataclass(frozen=True, slots=True)
class ClockState:
    """What the kernel says of its clock: whether somebody keeps it in step, and by how much it may be off at most."""

    is_kept: bool
    error_most: timedelta


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate of a file, and from when until when it is valid."""

    subject: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class StoreTold:
    """What the database says of itself: its version as a number (160004), and its time."""

    version: int
    version_text: str
    now: datetime


def exit_code(found: Sequence[Diagnosis], *, is_strict: bool) -> int:
    """Return the exit status an examination ends with: 1 where something is wrong, with `is_strict` where it is weak too."""
    bad = {Standing.WRONG, Standing.WEAK} if is_strict else {Standing.WRONG}
    return int(any(each.standing in bad for each in found))
