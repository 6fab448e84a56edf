"""The keys of the engine, so small that a test can foresee every verdict. No refill: what is spent is spent."""

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime

from trinity_beast.access import Grant
from trinity_beast.access.key_format import with_checksum

MONTH_ENDS = datetime(2026, 12, 1, tzinfo=UTC)
LIVE_SECRET = with_checksum("tb_live_" + "a" * 32)
OTHER_SECRET = with_checksum("tb_live_" + "b" * 32)
URL_SECRET = with_checksum("tb_url_" + "c" * 32)


def grant(**changes: object) -> Grant:
    given: dict[str, object] = {
        "key_id": 7, "tier": "pro", "rate_per_second": 5.0, "burst": 3, "quota": 10, "quota_left": 10, "quota_resets_at": MONTH_ENDS,
        "ends_at": None, "unlimited": False, "udp": True, "in_url": False, "cache_seconds": 60,
    }  # fmt: skip
    return Grant(**(given | changes))  # type: ignore[arg-type]


@dataclass
class Verdict:
    code: str
    key_id: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    retry_after_seconds: int | None = None


@dataclass
class Held:
    """One admitted key; also its standing."""

    key_id: int
    burst: int
    rate_per_second: float
    tokens_left: int
    quota: int | None
    quota_left: int | None
    quota_resets_at_ns: int
    unlimited: bool
    in_url: bool
    udp: bool

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [("RateLimit-Policy", f'"burst";q={self.burst};w=1'), ("RateLimit", f'"burst";r={self.tokens_left};t=1')]


class FakeEngineKeys:
    def __init__(self) -> None:
        self.held: dict[bytes, Held] = {}
        self.refused: dict[bytes, str] = {}
        """With what a key that is held would be refused all the same: it has expired, or is kept from wherever it comes."""

    def digest_of(self, secret: str) -> bytes:
        return hashlib.sha256(secret.encode()).digest()

    def admit(self, digest: bytes, granted: Grant) -> None:
        self.held[digest] = Held(
            granted.key_id, granted.burst, granted.rate_per_second, granted.burst, granted.quota, granted.quota_left,
            int(granted.quota_resets_at.timestamp()) * 1_000_000_000, granted.unlimited, granted.in_url, granted.udp,
        )  # fmt: skip

    def take(self, secret: str, *, udp: bool = False, in_url: bool = False, wants_prices: bool = True, **_came: object) -> Verdict:
        held = self.held.get(self.digest_of(secret))
        if held is None:
            return Verdict("KEY_UNKNOWN")
        if (in_url and not held.in_url) or (udp and not held.udp):
            return Verdict("TIER_FORBIDS", held.key_id, held.headers)
        if held.quota_left == 0 and wants_prices:
            return Verdict("QUOTA_SPENT", held.key_id, held.headers)
        if not held.tokens_left:
            return Verdict("RATE_LIMITED", held.key_id, held.headers, 2)
        held.tokens_left -= 1
        return Verdict("OK", held.key_id, held.headers)

    def charge(self, secret: str) -> Verdict:
        held = self.held.get(self.digest_of(secret))
        if held is None:
            return Verdict("KEY_UNKNOWN")
        if held.quota_left == 0:
            return Verdict("QUOTA_SPENT", held.key_id, held.headers)
        held.quota_left = held.quota_left and held.quota_left - 1
        return Verdict("OK", held.key_id, held.headers)

    def standing(self, digest: bytes) -> Held | None:
        return self.held.get(digest)

    def refusal(self, digest: bytes, **_came: object) -> str | None:
        return self.refused.get(digest)


class FakeDoorman:
    """Lets in whom it has a grant for; others get `refusal`."""

    def __init__(self, keys: FakeEngineKeys, granted: dict[str, Grant], refusal: str = "KEY_INVALID") -> None:
        self._keys, self._refusal = keys, refusal
        self._granted = {keys.digest_of(secret): each for secret, each in granted.items()}
        self.asked = 0

    async def ask(self, digest: bytes) -> str | None:
        self.asked += 1
        if digest not in self._granted:
            return self._refusal
        self._keys.admit(digest, self._granted[digest])
        return None

    def grant_of(self, digest: bytes) -> Grant | None:
        return self._granted.get(digest) if digest in self._keys.held else None
