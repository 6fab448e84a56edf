"""What the nodes of a cluster agree upon: who they are, and what each may spend of a limit."""

from trinity_beast.access.cluster.blocks import QuotaBlocks
from trinity_beast.access.cluster.exchange import LeaseExchange, LeaseSize
from trinity_beast.access.cluster.membership import Membership
from trinity_beast.access.cluster.model import Fellowship

__all__ = ["Fellowship", "LeaseExchange", "LeaseSize", "Membership", "QuotaBlocks"]
