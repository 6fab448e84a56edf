"""The nouns of kept reports."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class KeptReport:
    """A kept report as a list tells it."""

    report_id: int
    name: str
    began_at: datetime
    stored_at: datetime
    stored_by: str
    steps: int
    asked: int
    success: float
    best_per_second: float


@dataclass(frozen=True, slots=True)
class Page:
    """Some reports, the newest first; `next_before` asks for those after them, None at the end."""

    reports: Sequence[KeptReport]
    next_before: int | None
