"""Backups: everything a node is, in one archive that is checked before a byte of it is used."""

from trinity_beast.ops.backup.errors import BackupDamaged, BackupFailed, BackupNewer, BackupThere, RestoreFailed, RestoreTargetUsed
from trinity_beast.ops.backup.making import Maker, Making
from trinity_beast.ops.backup.model import Made, Manifest, Progress, Restored
from trinity_beast.ops.backup.restoring import Restoring, Target

__all__ = [
    "BackupDamaged",
    "BackupFailed",
    "BackupNewer",
    "BackupThere",
    "Made",
    "Maker",
    "Making",
    "Manifest",
    "Progress",
    "RestoreFailed",
    "RestoreTargetUsed",
    "Restored",
    "Restoring",
    "Target",
]
