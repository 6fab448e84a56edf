"""How a node stands, on one screen."""

from trinity_beast.ops.standing.model import Line, NodePorts, duration

__all__ = ["Line", "NodePorts", "duration"]
