"""What the consoles refuse."""

from trinity_beast.errors import TrinityError


class SqlVerbRefused(TrinityError):
    """A statement of this kind has no place here. Facts: `verb`, `allowed`, `instead`."""

    code, status = "SQL_VERB_REFUSED", 400


class SqlNotOne(TrinityError):
    """Exactly one statement is carried out at a time. Fact: `statements`."""

    code, status = "SQL_NOT_ONE", 400


class ConfirmationWrong(TrinityError):
    """The token is not one that was given for exactly these statements, on this node, within the last minutes, and unused."""

    code, status = "CONFIRMATION_WRONG", 409


class CacheNone(TrinityError):
    """No shared cache is set at this node (`CACHE_URL`)."""

    code, status = "CACHE_NONE", 404


class CacheCommandRefused(TrinityError):
    """The command is not among those that may be asked here, or not so. Facts: `command`, `reason`."""

    code, status = "CACHE_COMMAND_REFUSED", 400


class CacheKeyRefused(TrinityError):
    """What lies under that name is secret: it is named after the digest of a customer's key. Fact: `prefix`."""

    code, status = "CACHE_KEY_REFUSED", 403
