"""Stress tests: how many callers a node stands, how fast, and what it says when it cannot."""

from trinity_beast.stress.crew import Crew
from trinity_beast.stress.figures import Found, merged, percentiles
from trinity_beast.stress.generator import Generator
from trinity_beast.stress.kept import StressReports
from trinity_beast.stress.levels import LEVELS
from trinity_beast.stress.model import Progress, Protocol, Step, Target, Way
from trinity_beast.stress.report import Report, StepReport
from trinity_beast.stress.service import Stress, Wanted, Watching

__all__ = [
    "LEVELS",
    "Crew",
    "Found",
    "Generator",
    "Progress",
    "Protocol",
    "Report",
    "Step",
    "StepReport",
    "Stress",
    "StressReports",
    "Target",
    "Wanted",
    "Watching",
    "Way",
    "merged",
    "percentiles",
]
