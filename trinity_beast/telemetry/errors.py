"""What telemetry refuses."""

from trinity_beast.errors import TrinityError


class NotReady(TrinityError):
    """A part this node needs does not work, so it should get no requests now. Facts: `parts`, `details`."""

    code, status = "NOT_READY", 503
