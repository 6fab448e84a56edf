"""The gate that is the engine."""

from collections.abc import Sequence
from datetime import datetime

from trinity_beast import engine
from trinity_beast.access.gate import KeyUsed, Standing
from trinity_beast.access.governor.rules import rank_of
from trinity_beast.access.model import Grant
from trinity_beast.access.restrictions import Scope


class EngineGate:
    """Keeps `gate.Gate` by telling the engine each grant as a policy."""

    def __init__(self, keys: engine.Keys) -> None:
        self._keys = keys

    def admit(self, digest: bytes, grant: Grant) -> None:
        """Let a key ask from the next request on."""
        self._keys.admit(digest, policy_of(grant))

    def refuse(self, digest: bytes, code: str, *, seconds: float) -> None:
        """Remember for `seconds` that this key is refused with `code`."""
        self._keys.refuse(digest, code, seconds=seconds)

    def forget(self, digest: bytes) -> bool:
        """Drop all that is known of a key; whether anything was."""
        return self._keys.forget(digest)

    def standing(self, digest: bytes) -> Standing | None:
        """Return a key's limits and what is left of them, or None when it is not admitted."""
        return self._keys.standing(digest)

    def used_since(self, monotonic_ns: int) -> Sequence[KeyUsed]:
        """Return what each key was granted and refused, of those that asked at this time or later."""
        return self._keys.used_since(max(0, monotonic_ns))


def policy_of(grant: Grant) -> engine.Policy:
    """Return a grant in the engine's words."""
    return engine.Policy(
        key_id=grant.key_id,
        rate_per_second=grant.rate_per_second,
        burst=grant.burst,
        quota=grant.quota,
        quota_left=grant.quota_left,
        quota_resets_at_ns=_unix_ns(grant.quota_resets_at),
        quota_in_blocks=grant.in_blocks,
        expires_at_ns=None if grant.ends_at is None else _unix_ns(grant.ends_at),
        unlimited=grant.unlimited,
        udp=grant.udp,
        in_url=grant.in_url,
        account_id=grant.account_id or 0,
        prices=grant.allows(Scope.PRICES),
        assets_max=grant.features.batch_assets_max,
        networks=grant.restrictions.networks,
        origins=grant.restrictions.origins,
        rank=rank_of(grant.tier),
    )


def _unix_ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000 + moment.microsecond * 1_000
