"""The only form in which a secret is kept: its HMAC under a secret of the server."""

import hashlib
import hmac

SERVER_SECRET_BYTES = 32


class Digests:
    """Turns secrets into digests. The engine, given the same server secret, makes the same ones.

    Secrets hold 190 random bits, so one HMAC is enough: there is no dictionary to try, and the look-up stays fast.
    """

    def __init__(self, server_secret: bytes) -> None:
        assert len(server_secret) >= SERVER_SECRET_BYTES, "a server secret has at least 32 bytes"
        self._server_secret = server_secret

    @property
    def fingerprint(self) -> str:
        """A name for the server secret that gives nothing of it away; kept with each key, for the day it is changed."""
        return hashlib.sha256(b"server secret: " + self._server_secret).hexdigest()[:12]

    def derived(self, purpose: str) -> bytes:
        """Return a secret for a purpose of our own, 32 bytes. No secret a caller could send has it for its digest."""
        return hmac.digest(purpose.encode(), self._server_secret, "sha256")

    def digest_of(self, secret: str) -> bytes:
        """Return HMAC-SHA-256 of `secret`, 32 bytes."""
        return hmac.digest(self._server_secret, secret.encode(errors="surrogateescape"), "sha256")

    def match(self, secret: str, digest: bytes) -> bool:
        """Whether `secret` has this digest, in a time that says nothing of how near it came."""
        return hmac.compare_digest(self.digest_of(secret), digest)
