"""Usage: what every answered request leaves behind."""

from trinity_beast.usage.days import DayDifference, Days, Rolled
from trinity_beast.usage.errors import SpoolUnreadable
from trinity_beast.usage.model import SegmentFile, SpoolListing, Stored, UnreadableFile, UsageRecord
from trinity_beast.usage.service import SpoolReader
from trinity_beast.usage.shipper import Carrier, Shipped, Shipper
from trinity_beast.usage.summary import Chosen, Grouped, Latencies, Sums, sums
from trinity_beast.usage.waiting import Waiting
from trinity_beast.usage.writer import Writer

__all__ = [
    "Carrier",
    "Chosen",
    "DayDifference",
    "Days",
    "Grouped",
    "Latencies",
    "Rolled",
    "SegmentFile",
    "Shipped",
    "Shipper",
    "SpoolListing",
    "SpoolReader",
    "SpoolUnreadable",
    "Stored",
    "Sums",
    "UnreadableFile",
    "UsageRecord",
    "Waiting",
    "Writer",
    "sums",
]
