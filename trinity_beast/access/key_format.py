"""What a secret looks like, and how one that was mistyped is told without any look-up."""

import re
import zlib

from trinity_beast.access.model import Kind
from trinity_beast.randomness import BASE62, SecretSource

BODY_CHARACTERS = 32
CHECKSUM_CHARACTERS = 6
SECRET = re.compile(rf"tb_(live|test|demo|url)_[0-9A-Za-z]{{{BODY_CHARACTERS + CHECKSUM_CHARACTERS}}}", re.ASCII)


def new_secret(kind: Kind, secrets: SecretSource) -> str:
    """Return a fresh secret: `tb_live_`, 32 random characters (190 bits), 6 of checksum."""
    return with_checksum(f"tb_{kind}_{secrets.base62(BODY_CHARACTERS)}")


def secret_from(kind: Kind, octets: bytes) -> str:
    """Return the secret that follows from `octets`, of which there are 24 or more: the same ones give the same secret."""
    rest, body = int.from_bytes(octets), ""
    for _ in range(BODY_CHARACTERS):
        rest, digit = divmod(rest, 62)
        body += BASE62[digit]
    return with_checksum(f"tb_{kind}_{body}")


def kind_of(secret: str) -> Kind | None:
    """Return the kind of a well-formed secret, or None when its shape or checksum is wrong: then no store need be asked."""
    match = SECRET.fullmatch(secret)
    if match is None or with_checksum(secret[:-CHECKSUM_CHARACTERS]) != secret:
        return None
    return Kind(match[1])


def with_checksum(text: str) -> str:
    """Return `text` followed by its CRC-32 in base62, most significant digit first.

    The prefix is covered too, so that a test key made to look like a live one is told from it. Six digits hold all of
    CRC-32 (62**6 > 2**32). Scanners for leaked secrets use the same checksum to tell a real key from a lookalike.
    """
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(CHECKSUM_CHARACTERS):
        rest, digit = divmod(rest, 62)
        digits = BASE62[digit] + digits
    return text + digits
