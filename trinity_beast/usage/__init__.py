"""Usage: what every answered request leaves behind."""

from trinity_beast.usage.aside.errors import SetAsideUnknown
from trinity_beast.usage.aside.service import Aside
from trinity_beast.usage.aside.settled import Settled
from trinity_beast.usage.carriers import ByQueue, Carrier, InPlace
from trinity_beast.usage.days import DayDifference, Days, Rolled
from trinity_beast.usage.errors import SpoolUnreadable
from trinity_beast.usage.ledger import Ledger
from trinity_beast.usage.mirror import Mirrored, UsageMirror
from trinity_beast.usage.model import Carried, SegmentFile, Span, SpoolListing, Stored, UnreadableFile, UsageRecord
from trinity_beast.usage.overseeing.service import Oversight, Overview
from trinity_beast.usage.overseeing.writing import WriterOversight
from trinity_beast.usage.parameters import SQS_TIMEOUT_MS
from trinity_beast.usage.partitions import Dropped, Partitions
from trinity_beast.usage.reading import Counted, Dimension, Look, Place, Seen, Sought, Totals, UsageReader, UsageRow
from trinity_beast.usage.receiver import Receiver
from trinity_beast.usage.reconciling import Difference, EngineCount, Reconciled, Reconciler
from trinity_beast.usage.service import SpoolReader
from trinity_beast.usage.shipper import Shipped, Shipper
from trinity_beast.usage.spread import Spread
from trinity_beast.usage.summary import Chosen, Grouped, Latencies, Sums, sums
from trinity_beast.usage.waiting import Waiting
from trinity_beast.usage.writer import Writer

__all__ = [
    "SQS_TIMEOUT_MS",
    "Aside",
    "ByQueue",
    "Carried",
    "Carrier",
    "Chosen",
    "Counted",
    "DayDifference",
    "Days",
    "Difference",
    "Dimension",
    "Dropped",
    "EngineCount",
    "Grouped",
    "InPlace",
    "Latencies",
    "Ledger",
    "Look",
    "Mirrored",
    "Oversight",
    "Overview",
    "Partitions",
    "Place",
    "Receiver",
    "Reconciled",
    "Reconciler",
    "Rolled",
    "Seen",
    "SegmentFile",
    "SetAsideUnknown",
    "Settled",
    "Shipped",
    "Shipper",
    "Sought",
    "Span",
    "SpoolListing",
    "SpoolReader",
    "SpoolUnreadable",
    "Spread",
    "Stored",
    "Sums",
    "Totals",
    "UnreadableFile",
    "UsageMirror",
    "UsageReader",
    "UsageRecord",
    "UsageRow",
    "Waiting",
    "Writer",
    "WriterOversight",
    "sums",
]
