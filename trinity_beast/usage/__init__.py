"""Usage: what every answered request leaves behind."""

from trinity_beast.usage.aside.errors import SetAsideUnknown
from trinity_beast.usage.aside.service import Aside
from trinity_beast.usage.carriers import ByQueue, Carrier, InPlace
from trinity_beast.usage.days import DayDifference, Days, Rolled
from trinity_beast.usage.errors import SpoolUnreadable
from trinity_beast.usage.ledger import Ledger
from trinity_beast.usage.model import Carried, SegmentFile, SpoolListing, Stored, UnreadableFile, UsageRecord
from trinity_beast.usage.parameters import SHIPMENTS_MAX, SQS_TIMEOUT_MS
from trinity_beast.usage.receiver import Receiver
from trinity_beast.usage.service import SpoolReader
from trinity_beast.usage.shipper import Shipped, Shipper
from trinity_beast.usage.summary import Chosen, Grouped, Latencies, Sums, sums
from trinity_beast.usage.waiting import Waiting
from trinity_beast.usage.writer import Writer

__all__ = [
    "SHIPMENTS_MAX",
    "SQS_TIMEOUT_MS",
    "Aside",
    "ByQueue",
    "Carried",
    "Carrier",
    "Chosen",
    "DayDifference",
    "Days",
    "Grouped",
    "InPlace",
    "Latencies",
    "Ledger",
    "Receiver",
    "Rolled",
    "SegmentFile",
    "SetAsideUnknown",
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
