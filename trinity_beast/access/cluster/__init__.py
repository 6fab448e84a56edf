"""What the nodes of a cluster agree upon: who they are, and what each may spend of a limit."""

from trinity_beast.access.cluster.blocks import QuotaBlocks
from trinity_beast.access.cluster.exchange import LeaseExchange, LeaseSize
from trinity_beast.access.cluster.membership import Membership, nodes_alive
from trinity_beast.access.cluster.model import Fellow, Fellowship
from trinity_beast.access.cluster.parameters import NODES_EXPECTED

__all__ = ["NODES_EXPECTED", "Fellow", "Fellowship", "LeaseExchange", "LeaseSize", "Membership", "QuotaBlocks", "nodes_alive"]
