"""What a number of answers comes to, told from the sums by day and from the rows only where those do not reach."""

from trinity_beast.usage.summary.latencies import Latencies
from trinity_beast.usage.summary.model import Chosen, Grouped, Sums
from trinity_beast.usage.summary.store import sums

__all__ = ["Chosen", "Grouped", "Latencies", "Sums", "sums"]
