"""The days of `usage_logs`: made ahead, dropped when their time is over and their sums are made."""

from trinity_beast.usage.partitions.service import Dropped, Partitions

__all__ = ["Dropped", "Partitions"]
