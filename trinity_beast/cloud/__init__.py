"""How we reach AWS: its queue, behind an interface of our own."""

from trinity_beast.cloud.model import CALL_BYTES_MAX, MESSAGES_MAX, Backlog, Received
from trinity_beast.cloud.queue import Queue

__all__ = ["CALL_BYTES_MAX", "MESSAGES_MAX", "Backlog", "Queue", "Received"]
