"""The keys a node has from its first start on: one to try it with, one to rule it with."""

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Protocol

from trinity_beast.access.digests import SERVER_SECRET_BYTES, Digests
from trinity_beast.access.errors import AdminKeyWeak, ServerSecretInvalid
from trinity_beast.access.key_format import kind_of, secret_from, with_checksum
from trinity_beast.access.model import Kind
from trinity_beast.access.service import DEMO_TIER, Keys
from trinity_beast.randomness import SecretSource

SERVER_SECRET = "server-secret"  # noqa: S105 - These are names of files.
DEMO_KEY = "demo-key"
ADMIN_DIGEST = "admin-key-digest"
ADMIN_KEY_CHARACTERS_MIN = 24
HEXADECIMAL = re.compile(r"([0-9A-Fa-f]{2}){32,}")


class Safe(Protocol):
    """Where a node keeps its secrets; `storage.DataFolder` is one."""

    def secret(self, name: str) -> bytes | None:
        """Return the secret kept under `name`, or None."""
        ...

    def keep_secret(self, name: str, secret: bytes) -> None:
        """Keep a secret under `name`."""
        ...


class AdminKey:
    """What the operator holds. Only its digest is known here."""

    def __init__(self, digests: Digests, digest: bytes) -> None:
        self._digests, self._digest = digests, digest

    def matches(self, secret: str) -> bool:
        """Whether this is the admin key, told in a time that says nothing of how near it came."""
        return self._digests.match(secret, self._digest)


@dataclass(frozen=True, slots=True)
class MadeAdminKey:
    """The admin key of this node. `shown_once` is its secret at the one start that made it, and None ever after."""

    key: AdminKey
    shown_once: str | None

    def __repr__(self) -> str:
        return f"MadeAdminKey(is_new={self.shown_once is not None})"


def server_secret(safe: Safe, secrets: SecretSource, *, given: str = "") -> bytes:
    """Return the server secret, under which keys are known: `given` where there is one, else the node's own, made the first time.

    Nodes that share a database are given the same one, as 32 bytes or more in hexadecimal or base64.

    Raises:
        ServerSecretInvalid: `given` is neither, or too short.
    """
    if given:
        return _octets_of(given.strip())
    kept = safe.secret(SERVER_SECRET)
    if kept is None:
        kept = secrets.octets(SERVER_SECRET_BYTES)
        safe.keep_secret(SERVER_SECRET, kept)
    return kept


def server_digests(safe: Safe, secrets: SecretSource, *, given: str = "") -> Digests:
    """Return the digests under the server secret.

    Raises:
        ServerSecretInvalid: `given` cannot be read, or is too short.
    """
    return Digests(server_secret(safe, secrets, given=given))


def _octets_of(text: str) -> bytes:
    try:
        # Hexadecimal first: its digits are base64's too, and nobody means the latter by 64 of the former.
        octets = bytes.fromhex(text) if HEXADECIMAL.fullmatch(text) else base64.b64decode(text, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ServerSecretInvalid(reason="is neither hexadecimal nor base64", bytes_min=SERVER_SECRET_BYTES) from None
    if len(octets) < SERVER_SECRET_BYTES:
        raise ServerSecretInvalid(reason=f"holds {len(octets)} bytes", bytes_min=SERVER_SECRET_BYTES)
    return octets


async def demo_key(safe: Safe, keys: Keys, digests: Digests) -> str:
    """Return the demo key's secret, the same at every start and on every node that shares the server secret.

    It is the one secret kept whole: it opens three requests a second to whoever reads our README, and a new one at each
    start would break every page that shows it.
    """
    kept = (safe.secret(DEMO_KEY) or b"").decode(errors="replace")
    if kind_of(kept) is not Kind.DEMO:
        kept = secret_from(Kind.DEMO, digests.derived("the demo key"))
        safe.keep_secret(DEMO_KEY, kept.encode())
    await keys.keep(kept, DEMO_TIER, "demo", Kind.DEMO)
    return kept


def admin_key(safe: Safe, digests: Digests, secrets: SecretSource, *, given: str = "") -> MadeAdminKey:
    """Return the admin key: `given` (`ADMIN_KEY`) where there is one, else the node's own, made at its first start.

    A lost key cannot be shown again: remove `secrets/admin-key-digest` and the next start makes another.

    Raises:
        AdminKeyWeak: `given` is too short.
    """
    if given:
        if len(given) < ADMIN_KEY_CHARACTERS_MIN:
            raise AdminKeyWeak(characters_min=ADMIN_KEY_CHARACTERS_MIN)
        return MadeAdminKey(AdminKey(digests, digests.digest_of(given)), None)
    kept = safe.secret(ADMIN_DIGEST)
    if kept is not None:
        return MadeAdminKey(AdminKey(digests, kept), None)
    secret = with_checksum(f"tb_admin_{secrets.base62(32)}")
    safe.keep_secret(ADMIN_DIGEST, digests.digest_of(secret))
    return MadeAdminKey(AdminKey(digests, digests.digest_of(secret)), secret)
