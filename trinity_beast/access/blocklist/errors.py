"""What can be refused about the blocklist."""

from trinity_beast.errors import TrinityError


class NetworkInvalid(TrinityError):
    """What is to be blocked is neither an address nor a network."""

    code, status = "NETWORK_INVALID", 400


class NetworkProtected(TrinityError):
    """Blocking it would shut out the machine itself, or whoever asks for it. `force` does it all the same."""

    code, status = "NETWORK_PROTECTED", 409


class BlockInvalid(TrinityError):
    """A block needs a reason of 1 to 200 printable characters, and an end in the future or none."""

    code, status = "BLOCK_INVALID", 400


class BlockUnknown(TrinityError):
    """No block of exactly this network stands."""

    code, status = "BLOCK_UNKNOWN", 404


class BlocklistFull(TrinityError):
    """As many blocks stand as a node holds. Networks take the place of many addresses."""

    code, status = "BLOCKLIST_FULL", 409
