"""Who brings batches from the spool to where they are stored: the same process, or a queue and its writers."""

from trinity_beast.usage.carriers.by_queue import ByQueue
from trinity_beast.usage.carriers.in_place import InPlace
from trinity_beast.usage.carriers.port import Carrier

__all__ = ["ByQueue", "Carrier", "InPlace"]
