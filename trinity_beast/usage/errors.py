"""What reading the spool can be refused for."""

from trinity_beast.errors import TrinityError


class SpoolUnreadable(TrinityError):
    """A spool directory or segment cannot be read: it is not there, not ours to read, damaged, or of a newer program."""

    code, status = "SPOOL_UNREADABLE", 500
