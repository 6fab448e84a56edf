"""Every use case of keys: issue, list, revoke, rotate, and tell who may enter."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from trinity_beast.access import store
from trinity_beast.access.admission import admission
from trinity_beast.access.alerts import note_alerts
from trinity_beast.access.digests import Digests
from trinity_beast.access.errors import KeyExpiryInvalid, KeyNameInvalid, KeyUnknown, TierUnknown
from trinity_beast.access.key_format import new_secret
from trinity_beast.access.model import Change, Grant, IssuedKey, Key, KeyState, Kind, NewKey, Refused, Tier
from trinity_beast.access.months import month_of
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.randomness import SecretSource
from trinity_beast.storage import Database

NAME_CHARACTERS_MAX = 100
OVERLAP_MAX = timedelta(days=366)
COMMIT_SECONDS_MAX = 30
"""No transaction of ours is open this long: `Database` cuts it off before."""
_log = get_log("access")


class Keys:
    """The keys and their tiers. What is changed here is announced by the database itself when it commits."""

    def __init__(self, database: Database, digests: Digests, clock: Clock, secrets: SecretSource) -> None:
        self._database, self._digests, self._clock, self._secrets = database, digests, clock, secrets

    async def issue(self, tier: str, name: str, *, kind: Kind = Kind.LIVE, expires_at: datetime | None = None) -> IssuedKey:
        """Make a key. The returned secret exists in this value and nowhere else: only its digest is stored.

        Raises:
            TierUnknown: there is no such tier.
            KeyNameInvalid: the name is empty, too long or not printable.
            KeyExpiryInvalid: the expiry has passed already.
        """
        if expires_at is not None and expires_at <= self._clock.now():
            raise KeyExpiryInvalid(expires_at=expires_at)
        secret = new_secret(kind, self._secrets)
        key = await self._keep(secret, tier, name, kind, expires_at)
        assert key is not None, "190 random bits do not come twice"
        return IssuedKey(key, secret)

    async def keep(self, secret: str, tier: str, name: str, kind: Kind) -> None:
        """Make sure a secret chosen elsewhere is a key: the demo key's, which a node keeps. Does nothing where it is one already.

        Raises:
            TierUnknown: there is no such tier.
        """
        await self._keep(secret, tier, name, kind, None)

    async def rotate(self, key_id: int, *, overlap: timedelta) -> IssuedKey:
        """Replace a key by one of the same tier, kind, name and expiry; the old one keeps answering for `overlap`.

        Raises:
            KeyUnknown: no such key, or it has ended or is already retiring.
            KeyExpiryInvalid: the overlap is negative or longer than a year.
        """
        if not timedelta(0) <= overlap <= OVERLAP_MAX:
            raise KeyExpiryInvalid(overlap_seconds=overlap.total_seconds())
        now = self._clock.now()
        async with self._database.transaction() as tx:
            old = await store.key_by_id(tx, key_id, for_update=True)
            if old is None or old.state(now) is not KeyState.LIVE:
                raise KeyUnknown(key_id=key_id, state=old and old.state(now).value)
            secret = new_secret(old.kind, self._secrets)
            new = self._new_key(secret, old.tier, old.name, old.kind, old.expires_at)
            successor = await store.insert_key(tx, new, digest_secret=self._digests.fingerprint)
            assert successor is not None, "190 random bits do not come twice"
            await store.retire_key(tx, key_id, at=now + overlap, successor_id=successor.key_id)
        return IssuedKey(successor, secret)

    async def revoke(self, key_id: int) -> Key:
        """End a key at once, everywhere within a second. Revoking twice changes nothing.

        Raises:
            KeyUnknown: no such key.
        """
        async with self._database.transaction() as tx:
            await store.revoke_key(tx, key_id, at=self._clock.now())
            key = await store.key_by_id(tx, key_id)
        if key is None:
            raise KeyUnknown(key_id=key_id)
        return key

    async def listing(self) -> Sequence[Key]:
        """Return every key, ended ones too, the oldest first."""
        async with self._database.transaction() as tx:
            return await store.all_keys(tx)

    async def tiers(self) -> Sequence[Tier]:
        """Return every tier, the slowest first."""
        async with self._database.transaction() as tx:
            return await store.all_tiers(tx)

    async def key_id_of(self, public_id: str) -> int:
        """Return the number of the key shown as `public_id`.

        Raises:
            KeyUnknown: no such key.
        """
        async with self._database.transaction() as tx:
            key_id = await store.key_id_of(tx, public_id)
        if key_id is None:
            raise KeyUnknown(public_id=public_id)
        return key_id

    async def resolve(self, digests: Collection[bytes]) -> Mapping[bytes, Grant | Refused]:
        """Tell for each digest what its key may do or why it is refused, in one look at the store."""
        async with self._database.transaction() as tx:
            found = await store.keys_by_digest(tx, digests)
        now = self._clock.now()
        return {digest: admission(*found.get(digest, (None, None)), now=now) for digest in digests}

    async def add_use(self, used: Mapping[int, int]) -> None:
        """Add the requests each key has made, by `key_id`, to its count of this month, and note what of the month is reached by that."""
        now = self._clock.now()
        async with self._database.transaction() as tx:
            await store.add_use(tx, used, month=month_of(now), at=now)
            noted = await note_alerts(tx, used, month=month_of(now), at=now)
        for alert in noted:
            _log.info("quota reached", key_id=alert.key_id, percent=alert.percent, used=alert.used, quota=alert.quota)

    async def changes(self, looked_at: datetime | None) -> tuple[Sequence[Change], datetime]:
        """Return what may have changed since the last look, and the moment of this one, by the database's clock.

        A change is stamped when it is made and seen when it is committed, so each look goes back `COMMIT_SECONDS_MAX`
        before the last, and tells the same change more than once.
        """
        async with self._database.transaction() as tx:
            now = await store.database_now(tx)
            return await store.changes_since(tx, (looked_at or now) - timedelta(seconds=COMMIT_SECONDS_MAX)), now

    async def _keep(self, secret: str, tier: str, name: str, kind: Kind, expires_at: datetime | None) -> Key | None:
        new = self._new_key(secret, tier, name, kind, expires_at)
        async with self._database.transaction() as tx:
            tiers = [each.name for each in await store.all_tiers(tx)]
            if tier not in tiers:
                raise TierUnknown(tier=tier, tiers=tiers)
            return await store.insert_key(tx, new, digest_secret=self._digests.fingerprint)

    def _new_key(self, secret: str, tier: str, name: str, kind: Kind, expires_at: datetime | None) -> NewKey:
        if not (0 < len(name) <= NAME_CHARACTERS_MAX and name.isprintable() and name.strip()):
            raise KeyNameInvalid(characters_max=NAME_CHARACTERS_MAX)
        public_id = f"key_{self._secrets.base62(16)}"
        return NewKey(public_id, self._digests.digest_of(secret), kind, tier, name, self._clock.now(), expires_at)
