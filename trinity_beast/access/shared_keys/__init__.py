"""Keys as the nodes share them in Valkey: one look at the database for all nodes, and none can be forged there."""

from trinity_beast.access.shared_keys.lately import ChangedLately
from trinity_beast.access.shared_keys.service import CHANNEL, KeyBroadcast, SharedKeys

__all__ = ["CHANNEL", "ChangedLately", "KeyBroadcast", "SharedKeys"]
