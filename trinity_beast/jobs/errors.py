"""What can be refused about jobs."""

from trinity_beast.errors import TrinityError


class JobUnknown(TrinityError):
    """No node of this kind does a job of this name."""

    code, status = "JOB_UNKNOWN", 404
