"""Reports that are kept, so that a run can be held against one of weeks ago."""

from trinity_beast.stress.kept.model import KeptReport, Page
from trinity_beast.stress.kept.service import StressReports

__all__ = ["KeptReport", "Page", "StressReports"]
