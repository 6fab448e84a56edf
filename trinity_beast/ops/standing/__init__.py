"""How a node stands, on one screen."""

from trinity_beast.ops.standing.model import NodePorts

__all__ = ["NodePorts"]
