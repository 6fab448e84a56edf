"""Callers whose request Python answers: let in by the same keys, buckets and quotas as the engine's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from trinity_beast.access.errors import KeyExpired, KeyForbids, KeyInvalid, KeyMissing, KeyRevoked, QuotaSpent, RateLimited, TierForbids
from trinity_beast.access.key_format import kind_of
from trinity_beast.access.model import Grant
from trinity_beast.errors import TrinityError
from trinity_beast.storage import DependencyAway

SECOND_NS = 1_000_000_000
_UNHEARD_OF = "KEY_UNKNOWN"
_LOOKS_MAX = 2
_REFUSALS: Mapping[str, type[TrinityError]] = {
    each.code: each for each in (KeyInvalid, KeyRevoked, KeyExpired, TierForbids, KeyForbids, RateLimited, QuotaSpent)
}


class Verdict(Protocol):
    """What a key was told when it asked for one request."""

    @property
    def code(self) -> str:
        """`OK`, `KEY_UNKNOWN` (never heard of), or the code of the refusal."""
        ...

    @property
    def key_id(self) -> int:
        """The key's number, 0 where it has none."""
        ...

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The rate-limit headers that belong on the answer."""
        ...

    @property
    def retry_after_seconds(self) -> int | None:
        """When a request is free again."""
        ...


class Limits(Protocol):
    """A key's limits and what is left of them at one moment."""

    @property
    def burst(self) -> int:
        """How many requests may come at once."""
        ...

    @property
    def rate_per_second(self) -> float:
        """How many a second, over time."""
        ...

    @property
    def tokens_left(self) -> int:
        """How many may come at once now."""
        ...

    @property
    def quota(self) -> int | None:
        """How many a month, or None without a bound."""
        ...

    @property
    def quota_left(self) -> int | None:
        """How many are left of them."""
        ...

    @property
    def quota_resets_at_ns(self) -> int:
        """When they begin anew, Unix time."""
        ...

    @property
    def unlimited(self) -> bool:
        """Whether neither rate nor quota binds."""
        ...

    @property
    def headers(self) -> list[tuple[str, str]]:
        """The rate-limit headers that belong on the answer."""
        ...


class EngineKeys(Protocol):
    """The keys as Python spends from them. `engine.Keys` is one."""

    def digest_of(self, secret: str) -> bytes:
        """Return the form in which a secret is known."""
        ...

    def take(self, secret: str, *, udp: bool = False, in_url: bool = False) -> Verdict:
        """Take one token of a key."""
        ...

    def charge(self, secret: str) -> Verdict:
        """Spend a unit of a key's month for a request that was let in."""
        ...

    def standing(self, digest: bytes) -> Limits | None:
        """Return a key's limits and what is left of them, spending nothing; None when it is not admitted."""
        ...


class LooksUp(Protocol):
    """Who looks up keys the engine has not heard of. `Doorman` is one."""

    async def ask(self, digest: bytes) -> str | None:
        """Have a key looked up; return the code it is refused with, or None once it is let in."""
        ...

    def grant_of(self, digest: bytes) -> Grant | None:
        """Return what a key was let in with."""
        ...


@dataclass(frozen=True, slots=True)
class Passage:
    """A caller at the gate. Where `refusal` is set it goes no further, and is recorded if `key_id` is not 0."""

    key_id: int
    headers: tuple[tuple[str, str], ...]
    refusal: TrinityError | None = None


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """What a key may do and what is left of it, as its owner is told."""

    limits: Limits
    grant: Grant | None


class Callers:
    """Lets callers in, one request at a time."""

    def __init__(self, keys: EngineKeys, doorman: LooksUp, *, count: Callable[[str, int], None] | None = None) -> None:
        """Let in by `keys`. `count` counts, as `keys_refused`, those the engine was never asked about."""
        self._keys, self._doorman, self._count = keys, doorman, count

    async def admit(self, secret: str | None, *, in_url: bool = False) -> Passage:
        """Take one token of the caller's key, looking the key up first where the engine has not heard of it."""
        if secret is None:
            return self._turned_away(KeyMissing())
        if kind_of(secret) is None:
            return self._turned_away(KeyInvalid())
        digest = self._keys.digest_of(secret)
        for _ in range(_LOOKS_MAX):
            verdict = self._keys.take(secret, in_url=in_url)
            if verdict.code != _UNHEARD_OF:
                return Passage(verdict.key_id, tuple(verdict.headers), self._refusal(verdict, digest))
            refused = await self._doorman.ask(digest)
            if refused is not None:
                return self._turned_away(_refusal_of(refused))
        # Let in and forgotten again before we came back: somebody is changing it just now.
        return Passage(0, (), DependencyAway(part="store of keys"))

    def charge(self, secret: str) -> Passage:
        """Spend a unit of the month of a caller who was let in and is now told a price."""
        verdict = self._keys.charge(secret)
        if verdict.code == _UNHEARD_OF:
            return Passage(0, ())  # Ended since it was let in: this last answer is on us.
        return Passage(verdict.key_id, tuple(verdict.headers), self._refusal(verdict, self._keys.digest_of(secret)))

    async def standing(self, secret: str | None, *, in_url: bool = False) -> KeyStanding:
        """Return what the caller's key may do and what is left of it. Spends nothing.

        Raises:
            KeyMissing: there is no key.
            KeyInvalid: there is no such key.
            KeyRevoked: it was revoked.
            KeyExpired: it has passed its expiry.
            TierForbids: it stands in the URL and may not.
            DependencyAway: it is not known here, and the store does not answer.
        """
        if secret is None:
            raise KeyMissing
        kind = kind_of(secret)
        if kind is None:
            raise KeyInvalid
        if in_url and not kind.may_travel_in_url:
            raise TierForbids
        digest = self._keys.digest_of(secret)
        for _ in range(_LOOKS_MAX):
            limits = self._keys.standing(digest)
            if limits is not None:
                return KeyStanding(limits, self._doorman.grant_of(digest))
            refused = await self._doorman.ask(digest)
            if refused is not None:
                raise _refusal_of(refused)
        raise DependencyAway(part="store of keys")

    def _turned_away(self, refusal: TrinityError) -> Passage:
        if self._count is not None and refusal.code != DependencyAway.code:
            self._count("keys_refused", 1)
        return Passage(0, (), refusal)

    def _refusal(self, verdict: Verdict, digest: bytes) -> TrinityError | None:
        match verdict.code:
            case "OK":
                return None
            case RateLimited.code:
                return RateLimited(retry_after_seconds=verdict.retry_after_seconds)
            case QuotaSpent.code:
                limits = self._keys.standing(digest)
                return QuotaSpent(resets_at=limits and datetime.fromtimestamp(limits.quota_resets_at_ns // SECOND_NS, UTC))
        return _refusal_of(verdict.code)


def _refusal_of(code: str) -> TrinityError:
    if code in _REFUSALS:
        return _REFUSALS[code]()
    return DependencyAway(part="store of keys")
