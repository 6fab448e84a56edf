"""Usage: what every answered request leaves behind."""

from trinity_beast.usage.errors import SpoolUnreadable
from trinity_beast.usage.model import SegmentFile, SpoolListing, UnreadableFile, UsageRecord
from trinity_beast.usage.service import SpoolReader

__all__ = ["SegmentFile", "SpoolListing", "SpoolReader", "SpoolUnreadable", "UnreadableFile", "UsageRecord"]
