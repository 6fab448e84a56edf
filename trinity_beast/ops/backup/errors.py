"""What can go wrong with a backup."""

from trinity_beast.errors import TrinityError


class BackupThere(TrinityError):
    """There is a file of that name already. A backup replaces nothing."""

    code, status = "BACKUP_THERE", 409


class BackupFailed(TrinityError):
    """The backup could not be made; nothing of it is left. Fact: `reason`."""

    code, status = "BACKUP_FAILED", 500


class BackupDamaged(TrinityError):
    """The archive is not whole, not as it was written, or none of ours. Nothing of it is used. Fact: `reason`."""

    code, status = "BACKUP_DAMAGED", 422


class BackupNewer(TrinityError):
    """The backup was made by a newer release, or of a newer PostgreSQL, than there is here. Facts: `what`, `found`, `known`."""

    code, status = "BACKUP_NEWER", 422


class RestoreTargetUsed(TrinityError):
    """Where the backup should be restored to, something lies already. A restore replaces nothing. Fact: `target`."""

    code, status = "RESTORE_TARGET_USED", 409


class RestoreFailed(TrinityError):
    """The backup could not be restored, or what was restored is not what was backed up; nothing of it is left. Fact: `reason`."""

    code, status = "RESTORE_FAILED", 500
