"""Usage: what every answered request leaves behind."""

from trinity_beast.usage.days import DayDifference, Days, Rolled
from trinity_beast.usage.errors import SpoolUnreadable
from trinity_beast.usage.model import SegmentFile, Span, SpoolListing, Stored, UnreadableFile, UsageRecord
from trinity_beast.usage.reading import Counted, Dimension, Look, Place, Seen, Sought, Totals, UsageReader, UsageRow
from trinity_beast.usage.service import SpoolReader
from trinity_beast.usage.shipper import Carrier, Shipped, Shipper
from trinity_beast.usage.summary import Chosen, Grouped, Latencies, Sums, sums
from trinity_beast.usage.waiting import Waiting
from trinity_beast.usage.writer import Writer

__all__ = [
    "Carrier",
    "Chosen",
    "Counted",
    "DayDifference",
    "Days",
    "Dimension",
    "Grouped",
    "Latencies",
    "Look",
    "Place",
    "Rolled",
    "Seen",
    "SegmentFile",
    "Shipped",
    "Shipper",
    "Sought",
    "Span",
    "SpoolListing",
    "SpoolReader",
    "SpoolUnreadable",
    "Stored",
    "Sums",
    "Totals",
    "UnreadableFile",
    "UsageReader",
    "UsageRecord",
    "UsageRow",
    "Waiting",
    "Writer",
    "sums",
]
