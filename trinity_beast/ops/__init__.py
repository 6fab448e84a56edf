"""Operations: how the program's own works fare, and what an operator does with them."""

from trinity_beast.ops.insights import Insights
from trinity_beast.ops.runs import Runs

__all__ = ["Insights", "Runs"]
