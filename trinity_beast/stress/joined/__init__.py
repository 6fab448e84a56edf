"""Many clients as one: a coordinator tells each its share of a step, has all begin at once, and adds up what they found."""

from trinity_beast.stress.joined.coordinator import Coordinator
from trinity_beast.stress.joined.worker import Worker

__all__ = ["Coordinator", "Worker"]
