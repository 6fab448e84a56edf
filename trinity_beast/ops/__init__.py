"""Operations: how the program's own works fare, and what an operator does with them."""

from trinity_beast.ops.insights import Insights
from trinity_beast.ops.runs import Runs
from trinity_beast.ops.syncing import Step, Sync, Synced, Tell

__all__ = ["Insights", "Runs", "Step", "Sync", "Synced", "Tell"]
