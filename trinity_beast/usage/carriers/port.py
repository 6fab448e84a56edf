"""What every carrier promises."""

from typing import Protocol

from trinity_beast.engine import UsageBatch
from trinity_beast.usage.model import Carried


class Carrier(Protocol):
    """Who has batches stored. The shipper keeps a batch on disk until this has said that it needs no more care."""

    @property
    def name(self) -> str:
        """What operators are told of it."""
        ...

    @property
    def shipments_max(self) -> int:
        """How many batches it is worth giving it at once."""
        ...

    async def carry(self, batch: UsageBatch) -> Carried:
        """Have a batch stored, or, when that can never be, set aside. Once this returns it is safe where it is.

        Any batch may be given any number of times.

        Raises:
            DependencyAway: whether it is stored is not known; give it again.
        """
        ...
