"""What can be refused about keys, tiers and limits, and why."""

from trinity_beast.errors import TrinityError


class KeyMissing(TrinityError):
    """The request carries no key."""

    code, status = "KEY_MISSING", 401


class KeyInvalid(TrinityError):
    """No such key, or it was not typed in full. Which of the two is not told: it would help whoever guesses."""

    code, status = "KEY_INVALID", 401


class KeyRevoked(TrinityError):
    """The key was revoked and answers no more."""

    code, status = "KEY_REVOKED", 401


class KeyExpired(TrinityError):
    """The key has passed its expiry, or was rotated and its overlap has ended."""

    code, status = "KEY_EXPIRED", 401


class TierForbids(TrinityError):
    """The key's tier does not include what was asked for."""

    code, status = "TIER_FORBIDS", 403


class KeyForbids(TrinityError):
    """The key is kept from this by its own restrictions: its scopes, or the networks or origins it is kept to."""

    code, status = "KEY_FORBIDS", 403


class KeyTriesSpent(TrinityError):
    """Too many wrong keys came from the caller's address, so until `Retry-After` is over no unknown key of its is looked up."""

    code, status = "KEY_TRIES_SPENT", 429


class RateLimited(TrinityError):
    """The key asks faster than its rate and burst allow. `Retry-After` says when a request is free again."""

    code, status = "RATE_LIMITED", 429


class QuotaSpent(TrinityError):
    """The key's requests of this month are used up. Retrying does not help before the month ends."""

    code, status = "QUOTA_SPENT", 429


class KeyUnknown(TrinityError):
    """There is no key of that id, or it has ended and can no longer be rotated."""

    code, status = "KEY_UNKNOWN", 404


class TierUnknown(TrinityError):
    """There is no tier of that name."""

    code, status = "TIER_UNKNOWN", 404


class KeyNameInvalid(TrinityError):
    """A key's name is 1 to 100 printable characters."""

    code, status = "KEY_NAME_INVALID", 400


class KeyExpiryInvalid(TrinityError):
    """A key's expiry lies in the future, and an overlap is no longer than a year."""

    code, status = "KEY_EXPIRY_INVALID", 400


class KeyRestrictionsInvalid(TrinityError):
    """What a key is to be kept to makes no sense, or lies beyond its tier; every mistake is named."""

    code, status = "KEY_RESTRICTIONS_INVALID", 422


class AccountUnknown(TrinityError):
    """There is no account of that id."""

    code, status = "ACCOUNT_UNKNOWN", 404


class TierInvalid(TrinityError):
    """A tier is to be saved with values that make no sense; every mistake is named."""

    code, status = "TIER_INVALID", 422


class TierInUse(TrinityError):
    """A tier that has keys, ended ones included, cannot be removed: their history names it."""

    code, status = "TIER_IN_USE", 409


class TierChanged(TrinityError):
    """Somebody changed the tier since it was read; nothing was saved."""

    code, status = "TIER_CHANGED", 409


class ServerSecretDiffers(TrinityError):
    """The nodes of a database share one server secret, for keys are known by digests made under it; this node has another."""

    code, status = "SERVER_SECRET_DIFFERS", 500


class ServerSecretInvalid(TrinityError):
    """The server secret that was given cannot be read, or is too short to keep anybody out."""

    code, status = "SERVER_SECRET_INVALID", 500


class ReporterUnknown(TrinityError):
    """Nobody of that key identifier may report leaked keys here, or the report is not signed by the key it names."""

    code, status = "REPORTER_UNKNOWN", 401


class ReporterInvalid(TrinityError):
    """A reporter of leaked keys is known by an identifier, a name and a public key on the curve P-256."""

    code, status = "REPORTER_INVALID", 422


class AdminKeyWeak(TrinityError):
    """`ADMIN_KEY` is too short to keep anybody out: it needs 24 characters."""

    code, status = "ADMIN_KEY_WEAK", 500


class AdminKeyMissing(TrinityError):
    """The request carries no admin key. It is read from `Authorization: Bearer` alone, never from an address."""

    code, status = "ADMIN_KEY_MISSING", 401


class AdminKeyWrong(TrinityError):
    """That is not this node's admin key."""

    code, status = "ADMIN_KEY_WRONG", 401


class AdminTriesSpent(TrinityError):
    """Too many wrong admin keys came from this address. Until `Retry-After` is over no key is looked at, the right one included."""

    code, status = "ADMIN_TRIES_SPENT", 429


KEY_REFUSALS = (KeyMissing, KeyInvalid, KeyRevoked, KeyExpired, KeyTriesSpent, TierForbids, KeyForbids, RateLimited, QuotaSpent)
"""What any route behind a key may answer."""

ADMIN_REFUSALS = (AdminKeyMissing, AdminKeyWrong, AdminTriesSpent)
"""What any route for operators may answer."""
