"""Addresses and networks nobody is answered at: who blocked them, why, and until when."""

from trinity_beast.access.blocklist.errors import BlockInvalid, BlocklistFull, BlockUnknown, NetworkInvalid, NetworkProtected
from trinity_beast.access.blocklist.model import Block, BlockState
from trinity_beast.access.blocklist.network import Network
from trinity_beast.access.blocklist.service import Blocklist
from trinity_beast.access.blocklist.watch import CHANNEL, BlocklistWatch

__all__ = [
    "CHANNEL",
    "Block",
    "BlockInvalid",
    "BlockState",
    "BlockUnknown",
    "Blocklist",
    "BlocklistFull",
    "BlocklistWatch",
    "Network",
    "NetworkInvalid",
    "NetworkProtected",
]
