"""Callers whose request Python answers: let in by the same keys, buckets and quotas as the engine's own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from trinity_beast.access.errors import (
    KeyExpired,
    KeyForbids,
    KeyInvalid,
    KeyMissing,
    KeyRevoked,
    KeyTriesSpent,
    QuotaSpent,
    RateLimited,
    TierForbids,
)
from trinity_beast.access.key_format import kind_of
from trinity_beast.access.model import Grant, Kind
from trinity_beast.access.restrictions import Scope
from trinity_beast.errors import TrinityError
from trinity_beast.storage import DependencyAway

SECOND_NS = 1_000_000_000
_UNHEARD_OF = "KEY_UNKNOWN"
_LOOKS_MAX = 2
_STRANGERS = frozenset((KeyInvalid.code, KeyRevoked.code, KeyExpired.code))
"""What is told of a key that is none of ours, or is no more."""
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

    def take(
        self,
        secret: str,
        *,
        udp: bool = False,
        in_url: bool = False,
        address: str | None = None,
        origin: str | None = None,
        wants_prices: bool = True,
    ) -> Verdict:
        """Take one token of a key."""
        ...

    def charge(self, secret: str) -> Verdict:
        """Spend a unit of a key's month for a request that was let in."""
        ...

    def standing(self, digest: bytes) -> Limits | None:
        """Return a key's limits and what is left of them, spending nothing; None when it is not admitted."""
        ...

    def refusal(self, digest: bytes, *, in_url: bool = False, address: str | None = None, origin: str | None = None) -> str | None:
        """Return the code with which an admitted key would be refused that came so; None where it would not. Spends nothing."""
        ...


class LooksUp(Protocol):
    """Who looks up keys the engine has not heard of. `Doorman` is one."""

    async def ask(self, digest: bytes) -> str | None:
        """Have a key looked up; return the code it is refused with, or None once it is let in."""
        ...

    def grant_of(self, digest: bytes) -> Grant | None:
        """Return what a key was let in with."""
        ...


class CountsTries(Protocol):
    """Who counts the wrong keys of an address. `engine.Tries` is one."""

    def fail(self, address: str, secret: str) -> bool:
        """Count a wrong key; whether that spent the address's tries."""
        ...

    def spent(self, address: str) -> tuple[int, list[tuple[str, str]]] | None:
        """Return in how many seconds unknown keys of `address` are looked up again, and the fields that say so; None: at once."""
        ...


@dataclass(frozen=True, slots=True)
class Approach:
    """How a request came: where its key stood, from which address, from a page of which origin, and whether it only reads.

    Anybody can forge a datagram's sender, so what comes as one is held against no address.
    """

    in_url: bool = False
    address: str | None = None
    origin: str | None = None
    is_read: bool = True
    is_datagram: bool = False

    @property
    def answerable(self) -> str | None:
        """The address that answers for a wrong key."""
        return None if self.is_datagram else self.address or None


BY_HEADER = Approach()


@dataclass(frozen=True, slots=True)
class Passage:
    """A caller at the gate. Where `refusal` is set it goes no further, and is recorded if `key_id` is not 0."""

    key_id: int
    headers: tuple[tuple[str, str], ...]
    refusal: TrinityError | None = None
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """What a key may do and what is left of it, as its owner is told."""

    limits: Limits
    grant: Grant | None


class Callers:
    """Lets callers in, one request at a time."""

    def __init__(
        self, keys: EngineKeys, doorman: LooksUp, *, tries: CountsTries | None = None, count: Callable[[str, int], None] | None = None
    ) -> None:
        """Let in by `keys`. `tries` counts wrong keys by address; None counts none.

        `count` counts, as `keys_refused`, those the engine was never asked about.
        """
        self._keys, self._doorman, self._tries, self._count = keys, doorman, tries, count

    async def admit(self, secret: str | None, came: Approach = BY_HEADER, *, scope: Scope = Scope.PRICES) -> Passage:
        """Take one token of the caller's key, looking the key up first where the engine has not heard of it.

        A key that is not for `scope`, or is kept from where the request came, is refused and spends nothing.
        """
        if secret is None or kind_of(secret) is None:
            return self._turned_away(KeyMissing()) if secret is None else self._stranger(secret, KeyInvalid(), came)
        digest = self._keys.digest_of(secret)
        for _ in range(_LOOKS_MAX):
            grant = self._doorman.grant_of(digest)
            if grant is not None and not _is_for(grant, scope, came):
                return self._kept_out(grant, digest)
            # What a key is for besides prices is not known to the engine: such a request spends only once we know.
            if grant is not None or scope is Scope.PRICES:
                verdict = self._take(secret, came, scope)
                if verdict.code in _STRANGERS and not verdict.key_id:
                    return self._stranger(secret, _refusal_of(verdict.code), came, is_counted=True)
                if verdict.code != _UNHEARD_OF:
                    return Passage(verdict.key_id, tuple(verdict.headers), self._refusal(verdict, digest), grant)
            if turned_away := await self._look(secret, digest, came):
                return turned_away
        # Let in and forgotten again before we came back: somebody is changing it just now.
        return Passage(0, (), DependencyAway(part="store of keys"))

    def charge(self, secret: str) -> Passage:
        """Spend a unit of the month of a caller who was let in and is now told a price."""
        verdict = self._keys.charge(secret)
        if verdict.code == _UNHEARD_OF:
            return Passage(0, ())  # Ended since it was let in: this last answer is on us.
        return Passage(verdict.key_id, tuple(verdict.headers), self._refusal(verdict, self._keys.digest_of(secret)))

    async def standing(self, secret: str | None, came: Approach = BY_HEADER) -> KeyStanding:
        """Return what the caller's key may do and what is left of it. Spends nothing.

        Raises:
            KeyMissing: there is no key.
            KeyInvalid: there is no such key.
            KeyRevoked: it was revoked.
            KeyExpired: it has passed its expiry.
            TierForbids: it stands in the URL and may not.
            KeyForbids: it is kept from where the request came.
            KeyTriesSpent: it is not known here, and its address was wrong about keys too often to have it looked up.
            DependencyAway: it is not known here, and the store does not answer.
        """
        if secret is None:
            raise KeyMissing
        kind = kind_of(secret)
        if kind is None:
            raise self._stranger(secret, KeyInvalid(), came).refusal or KeyInvalid()
        if came.in_url and not kind.may_travel_in_url:
            raise TierForbids
        digest = self._keys.digest_of(secret)
        for _ in range(_LOOKS_MAX):
            limits = self._keys.standing(digest)
            if limits is not None:
                if refused := self._keys.refusal(digest, in_url=came.in_url, address=came.address, origin=came.origin):
                    raise self._turned_away(_refusal_of(refused)).refusal or KeyForbids()
                return KeyStanding(limits, self._doorman.grant_of(digest))
            turned_away = await self._look(secret, digest, came)
            if turned_away is not None and turned_away.refusal is not None:
                raise turned_away.refusal
        raise DependencyAway(part="store of keys")

    def known_limits(self, secret: str, address: str) -> list[tuple[str, str]] | None:
        """Return the rate-limit fields of a key that is let in here, or of an address whose tries are spent; None of any other.

        Looks nothing up and spends nothing.
        """
        limits = None if kind_of(secret) is None else self._keys.standing(self._keys.digest_of(secret))
        if limits is not None:
            return limits.headers
        spent = self._tries.spent(address) if self._tries is not None and address else None
        return spent[1] if spent is not None else None

    async def _look(self, secret: str, digest: bytes, came: Approach) -> Passage | None:
        """Have a key looked up, unless its address was wrong too often; None once it is let in."""
        if spent := self._spent(came):
            return spent
        refused = await self._doorman.ask(digest)
        return None if refused is None else self._stranger(secret, _refusal_of(refused), came)

    def _stranger(self, secret: str, refusal: TrinityError, came: Approach, *, is_counted: bool = False) -> Passage:
        """Turn away a key that is none of ours, and hold its address to account for it."""
        if spent := self._spent(came, is_counted=is_counted):
            return spent
        if self._tries is not None and came.answerable and refusal.code in _STRANGERS:
            self._tries.fail(came.answerable, secret)
        return Passage(0, (), refusal) if is_counted else self._turned_away(refusal)

    def _spent(self, came: Approach, *, is_counted: bool = False) -> Passage | None:
        spent = self._tries.spent(came.answerable) if self._tries is not None and came.answerable else None
        if spent is None:
            return None
        seconds, headers = spent
        refusal = KeyTriesSpent(retry_after_seconds=seconds)
        if not is_counted:
            self._turned_away(refusal)
        return Passage(0, tuple(headers), refusal)

    def _take(self, secret: str, came: Approach, scope: Scope) -> Verdict:
        return self._keys.take(
            secret,
            udp=came.is_datagram,
            in_url=came.in_url,
            address=came.address,
            origin=came.origin,
            wants_prices=scope is Scope.PRICES,
        )

    def _kept_out(self, grant: Grant, digest: bytes) -> Passage:
        limits = self._keys.standing(digest)
        if self._count is not None:
            self._count("keys_refused", 1)
        return Passage(grant.key_id, tuple(limits.headers) if limits else (), KeyForbids(), grant)

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


def _is_for(grant: Grant, scope: Scope, came: Approach) -> bool:
    """Whether a key is for this. One that travels in addresses only reads, wherever it stands this time."""
    return grant.allows(scope) and (came.is_read or grant.kind is not Kind.URL)


def _refusal_of(code: str) -> TrinityError:
    if code in _REFUSALS:
        return _REFUSALS[code]()
    return DependencyAway(part="store of keys")
