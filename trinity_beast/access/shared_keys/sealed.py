"""What lies in Valkey of a key: its row and its tier's, sealed, so that nobody who can write there can grant anything.

The seal is HMAC-SHA-256 under a secret that follows from the server secret, over the digest, the moment it was read in the
database, and all the rest. A value that was changed, made up, moved from another key, or made by nodes of another server
secret is no value. One that is put back later is told by its moment: see `lately.py`.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from trinity_beast.access.model import Key, Tier

SEAL_BYTES = 32
VALUE_BYTES_MAX = 65_536
FORMAT = b"trinity-beast key 1\x00"
"""A program that writes values another way gives them another name, and reads none of these."""

KEPT_MOST = timedelta(seconds=600)
COUNTED_MOST = timedelta(seconds=10)
"""How old the count of a month may be that a key is let in with, while the database can be asked for a newer one."""
AHEAD_MOST = timedelta(seconds=60)
"""How far the database's clock may be ahead of ours. A value from later than that is not believed."""


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A key and its tier as one look at the database found them, and when, by the database's clock."""

    read_at: datetime
    key: Key
    tier: Tier

    @property
    def kept_for(self) -> timedelta:
        """How long it may be believed at most: its tier's lifetime, within bounds."""
        return min(timedelta(seconds=self.tier.key_cache_seconds), KEPT_MOST)

    def is_kept(self, now: datetime) -> bool:
        """Whether it may still be believed at `now`."""
        return -AHEAD_MOST <= now - self.read_at < self.kept_for

    def is_counted(self, now: datetime) -> bool:
        """Whether its count of the month is as good as the database's; that of a key without a quota always is."""
        has_quota = self.tier.monthly_quota is not None or self.key.restrictions.monthly_quota is not None
        return not has_quota or now - self.read_at < COUNTED_MOST


def sealed(shared: SharedKey, seal_secret: bytes) -> bytes:
    """Return what is put in Valkey."""
    told = msgspec.json.encode(shared)
    return _seal(shared.key.digest, told, seal_secret) + told


def opened(digest: bytes, value: bytes, seal_secret: bytes) -> SharedKey | None:
    """Return what a value says of the key with this digest, or None where it is not ours to believe, whatever it is."""
    if not SEAL_BYTES < len(value) <= VALUE_BYTES_MAX:
        return None
    seal, told = value[:SEAL_BYTES], value[SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(digest, told, seal_secret)):
        return None
    try:
        shared = msgspec.json.decode(told, type=SharedKey)
    except (msgspec.MsgspecError, ValueError):
        return None  # Ours, by a program that knows other fields.
    return shared if shared.key.digest == digest and shared.key.tier == shared.tier.name else None


def _seal(digest: bytes, told: bytes, seal_secret: bytes) -> bytes:
    return hmac.digest(seal_secret, FORMAT + digest + told, "sha256")
