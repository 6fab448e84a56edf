"""Discovery of what exchanges trade and the map does not have, and bringing the map in line with it."""

from trinity_beast.feeds.discovering.model import Candidate, ChangeKind, Found, LeftAlone, Plan, PlannedChange
from trinity_beast.feeds.discovering.service import Discovery
from trinity_beast.feeds.discovering.sync import FromAudit, FromList, Synced, Syncer

__all__ = [
    "Candidate",
    "ChangeKind",
    "Discovery",
    "Found",
    "FromAudit",
    "FromList",
    "LeftAlone",
    "Plan",
    "PlannedChange",
    "Synced",
    "Syncer",
]
