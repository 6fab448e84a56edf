"""Bringing the shared cache into step with the database."""

from trinity_beast.ops.syncing.model import Step, Synced, Tell
from trinity_beast.ops.syncing.service import Sync

__all__ = ["Step", "Sync", "Synced", "Tell"]
