"""What can be refused about things set aside."""

from trinity_beast.errors import TrinityError


class SetAsideUnknown(TrinityError):
    """Nothing that waits was set aside under this number. Fact: `set_aside_id`."""

    code, status = "SET_ASIDE_UNKNOWN", 404
