"""How we reach AWS: its queue and its keeper of metrics, behind interfaces of our own."""

from trinity_beast.cloud.cloudwatch import CloudWatch
from trinity_beast.cloud.model import CALL_BYTES_MAX, FIGURES_MAX, MESSAGES_MAX, Backlog, Figure, Outcome, Put, Received
from trinity_beast.cloud.queue import Queue

__all__ = ["CALL_BYTES_MAX", "FIGURES_MAX", "MESSAGES_MAX", "Backlog", "CloudWatch", "Figure", "Outcome", "Put", "Queue", "Received"]
