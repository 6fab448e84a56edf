"""The nouns of the daily dashboard. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from trinity_beast.ops.standing.model import Line

ALARMING = ("wrong", "weak")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the system: its lines, each with how it stands."""

    name: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Alarm:
    """A line that is not well, and of which section."""

    section: str
    line: Line


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The system at one moment, as one node saw it."""

    made_at: datetime
    node: str
    made_by: str
    sections: Sequence[Section]

    @property
    def alarms(self) -> Sequence[Alarm]:
        """Return what is not well, what is wrong first."""
        found = [Alarm(section.name, line) for section in self.sections for line in section.lines if line.standing in ALARMING]
        return sorted(found, key=lambda alarm: ALARMING.index(alarm.line.standing))
