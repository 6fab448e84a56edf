"""What can keep a node from being verified."""

from trinity_beast.errors import TrinityError


class NodeUnheard(TrinityError):
    """Nobody answers where a node should be verified, or not in HTTP. Facts: `url`, `reason`."""

    code, status = "NODE_UNHEARD", 503
