"""What can go wrong with a tour."""

from trinity_beast.errors import TrinityError


class DemoInvalid(TrinityError):
    """A tour was asked for that cannot be given. Fact: `reason`."""

    code, status = "DEMO_INVALID", 400
