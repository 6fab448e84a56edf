"""Reconciling: whether spool, rows, counters and sums say the same, to the unit."""

from trinity_beast.usage.reconciling.model import Difference, EngineCount, Kind, Reconciled, Sought
from trinity_beast.usage.reconciling.service import Reconciler

__all__ = ["Difference", "EngineCount", "Kind", "Reconciled", "Reconciler", "Sought"]
