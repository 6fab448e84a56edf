"""Usage summed up by day: what reports read in place of rows, and equal to them."""

from trinity_beast.usage.days.model import DayDifference, Rolled
from trinity_beast.usage.days.service import Days

__all__ = ["DayDifference", "Days", "Rolled"]
