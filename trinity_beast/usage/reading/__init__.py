"""Reading what was stored: rows, totals and days, each look from one moment of the database."""

from trinity_beast.usage.reading.model import Counted, Dimension, Place, Sought, Totals, UsageRow
from trinity_beast.usage.reading.seen import Seen
from trinity_beast.usage.reading.service import Look, UsageReader

__all__ = ["Counted", "Dimension", "Look", "Place", "Seen", "Sought", "Totals", "UsageReader", "UsageRow"]
