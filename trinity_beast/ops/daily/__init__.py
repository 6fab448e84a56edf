"""Everything of the system on one screen, and how it stood within the last day."""

from trinity_beast.ops.daily import lines
from trinity_beast.ops.daily.service import Daily

__all__ = ["Daily", "lines"]
