"""Every use case of keys: issue, list, restrict, revoke, rotate, and tell who may enter."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from trinity_beast.access import store
from trinity_beast.access.admission import admission
from trinity_beast.access.alerts import note_alerts
from trinity_beast.access.digests import Digests
from trinity_beast.access.errors import (
    AccountUnknown,
    KeyExpiryInvalid,
    KeyNameInvalid,
    KeyRestrictionsInvalid,
    KeyUnknown,
    ServerSecretDiffers,
    TierUnknown,
)
from trinity_beast.access.key_format import new_secret
from trinity_beast.access.model import (
    Change,
    Grant,
    IssuedKey,
    Key,
    KeyCensus,
    KeyFilter,
    KeyState,
    Kind,
    NewKey,
    OnLeak,
    Refused,
    Tier,
)
from trinity_beast.access.months import month_of
from trinity_beast.access.restrictions import NO_RESTRICTIONS, Restrictions, restriction_mistakes, tidied
from trinity_beast.audit import Signature, expect_version, sign, versions
from trinity_beast.clock import Clock
from trinity_beast.errors import Mistake
from trinity_beast.log import get_log
from trinity_beast.randomness import SecretSource
from trinity_beast.storage import Database

NAME_CHARACTERS_MAX = 100
OVERLAP_MAX = timedelta(days=366)
COMMIT_SECONDS_MAX = 30
"""No transaction of ours is open this long: `Database` cuts it off before."""
CHANGES_MAX = store.CHANGES_MAX
_log = get_log("access")
EVERYTHING = KeyFilter()
THE_NODE = Signature("the node")
AUDITED_AS = "key"
DEMO_TIER = "demo"
"""The tier of what is public by its nature."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A key somebody wants: what for, and what it is to be kept to. `account` is an account's number or public id."""

    tier: str
    name: str
    kind: Kind = Kind.LIVE
    expires_at: datetime | None = None
    account: str = ""
    restrictions: Restrictions = NO_RESTRICTIONS
    on_leak: OnLeak = OnLeak.REVOKE


class Told(Protocol):
    """Who is told of changes, so that other nodes hear of them. `KeyBroadcast` is one."""

    async def key_changed(self, digest: bytes) -> None:
        """Hear that a key was changed."""
        ...

    async def tier_changed(self, tier: str) -> None:
        """Hear that a tier was changed."""
        ...


class Keys:
    """The keys and their tiers. What is changed here is announced by the database itself when it commits."""

    def __init__(
        self, database: Database, digests: Digests, clock: Clock, secrets: SecretSource, told: Told | None = None
    ) -> None:  # fmt: skip
        """Keep keys in `database`. `told` hears of every change made here, once it is committed, besides the database's notice."""
        self._database, self._digests, self._clock, self._secrets = database, digests, clock, secrets
        self._told = told

    async def issue(
        self, tier: str, name: str, *, kind: Kind = Kind.LIVE, expires_at: datetime | None = None, by: Signature = THE_NODE
    ) -> IssuedKey:
        """Make a key with nothing to keep to but its tier: see `make`."""
        return await self.make(Wanted(tier, name, kind, expires_at), by)

    async def make(self, wanted: Wanted, by: Signature) -> IssuedKey:
        """Make a key. The returned secret exists in this value and nowhere else: only its digest is stored.

        Raises:
            TierUnknown: there is no such tier.
            AccountUnknown: there is no such account.
            KeyNameInvalid: the name is empty, too long or not printable.
            KeyExpiryInvalid: the expiry has passed already.
            KeyRestrictionsInvalid: what it is to be kept to makes no sense, or lies beyond its tier; or a demo key would have another.
        """
        if wanted.kind is Kind.DEMO and wanted.tier != DEMO_TIER:
            # It may stand in addresses, where nothing but its tier keeps it slow, and whoever finds it there reports no leak.
            fix = f"Make it in the tier {DEMO_TIER}; or, to stand in addresses, a url key, which has a small limit of its own."
            raise KeyRestrictionsInvalid([Mistake("kind", f"a demo key in the tier {wanted.tier[:40]}", fix)])
        if wanted.expires_at is not None and wanted.expires_at <= self._clock.now():
            raise KeyExpiryInvalid(expires_at=wanted.expires_at)
        secret = new_secret(wanted.kind, self._secrets)
        key = await self._keep(secret, wanted, by)
        assert key is not None, "190 random bits do not come twice"
        return IssuedKey(key, secret)

    async def keep(self, secret: str, tier: str, name: str, kind: Kind) -> None:
        """Make sure a secret chosen elsewhere is a key: the demo key's, which a node keeps. Does nothing where it is one already.

        Raises:
            TierUnknown: there is no such tier.
        """
        await self._keep(secret, Wanted(tier, name, kind), THE_NODE)

    async def rotate(self, key_id: int, *, overlap: timedelta, by: Signature = THE_NODE) -> IssuedKey:
        """Replace a key by one like it in all but the secret; the old one keeps answering for `overlap`.

        What it used of its month goes with it. While the overlap lasts, the old key may spend what it had left as well:
        only the keys of an account share a month.

        Raises:
            KeyUnknown: no such key, or it has ended or is already retiring.
            KeyExpiryInvalid: the overlap is negative or longer than a year.
        """
        if not timedelta(0) <= overlap <= OVERLAP_MAX:
            raise KeyExpiryInvalid(overlap_seconds=overlap.total_seconds())
        now = self._clock.now()
        async with self._database.transaction() as tx:
            await sign(tx, _acting(by, "rotated"))
            old = await store.key_by_id(tx, key_id, for_update=True)
            if old is None or old.state(now) is not KeyState.LIVE:
                raise KeyUnknown(key_id=key_id, state=old and old.state(now).value)
            secret = new_secret(old.kind, self._secrets)
            successor = await store.insert_key(tx, self._successor(old, secret), digest_secret=self._digests.fingerprint)
            assert successor is not None, "190 random bits do not come twice"
            await store.retire_key(tx, key_id, at=now + overlap, successor_id=successor.key_id)
        await self._tell(old.digest)
        return IssuedKey(successor, secret)

    async def restrict(
        self,
        key_id: int,
        restrictions: Restrictions,
        *,
        on_leak: OnLeak | None = None,
        by: Signature = THE_NODE,
        expected_version: int | None = None,
    ) -> Key:
        """Keep a key to these restrictions and no others, everywhere within a second. `on_leak` None leaves that as it is.

        Raises:
            KeyUnknown: no such key.
            KeyRestrictionsInvalid: they make no sense, or lie beyond the key's tier.
            ChangedMeanwhile: the key is not at the version expected.
        """
        own = tidied(restrictions)
        async with self._database.transaction() as tx:
            await sign(tx, _acting(by, "restricted"))
            key = await store.key_by_id(tx, key_id, for_update=True)
            if key is None:
                raise KeyUnknown(key_id=key_id)
            await expect_version(tx, AUDITED_AS, key.public_id, expected_version)
            _expect_sense(own, await store.tiers_by_name(tx), key.tier)
            await store.restrict_key(tx, key_id, own, on_leak or key.on_leak)
            changed = await store.key_by_id(tx, key_id)
        assert changed is not None, "it is locked"
        await self._tell(changed.digest)
        return changed

    async def revoke(self, key_id: int, *, by: Signature = THE_NODE) -> Key:
        """End a key at once, everywhere within a second. Revoking twice changes nothing.

        Raises:
            KeyUnknown: no such key.
        """
        async with self._database.transaction() as tx:
            await sign(tx, _acting(by, "revoked"))
            await store.revoke_key(tx, key_id, at=self._clock.now())
            key = await store.key_by_id(tx, key_id)
        if key is None:
            raise KeyUnknown(key_id=key_id)
        await self._tell(key.digest)
        return key

    async def key(self, key_id: int) -> Key:
        """Return a key.

        Raises:
            KeyUnknown: no such key.
        """
        async with self._database.transaction() as tx:
            key = await store.key_by_id(tx, key_id)
        if key is None:
            raise KeyUnknown(key_id=key_id)
        return key

    async def version_of(self, key: Key) -> int:
        """Return the version of a key, which every change but its use makes another."""
        async with self._database.transaction() as tx:
            return (await versions(tx, AUDITED_AS, [key.public_id]))[key.public_id]

    async def listing(self, wanted: KeyFilter = EVERYTHING) -> Sequence[Key]:
        """Return the keys wanted, ended ones too, the oldest first."""
        async with self._database.transaction() as tx:
            return await store.keys(tx, wanted)

    async def census(self) -> KeyCensus:
        """Return how old keys are, and how many want a look."""
        async with self._database.transaction() as tx:
            return await store.census(tx, now=self._clock.now())

    async def owned_with(self, key_id: int, account_id: int | None) -> Sequence[int]:
        """Return the numbers of the keys whose use the owner of this one may see.

        Those of its account, ended ones too; without an account, those it was rotated from, and itself.
        """
        async with self._database.transaction() as tx:
            return await (store.lineage_of(tx, key_id) if account_id is None else store.numbers_of_account(tx, account_id))

    async def names_of(self, key_ids: Collection[int]) -> Mapping[int, tuple[str, str]]:
        """Return by number what keys are shown as and called."""
        async with self._database.transaction() as tx:
            return await store.names_of(tx, key_ids)

    async def tiers(self) -> Sequence[Tier]:
        """Return every tier, the slowest first."""
        async with self._database.transaction() as tx:
            return await store.all_tiers(tx)

    async def named(self, shown: str) -> int:
        """Return the number of the key shown as `shown`: its number or its public id.

        Raises:
            KeyUnknown: no such key.
        """
        if shown.isascii() and shown.isdigit():
            if int(shown) >= 2**31:
                raise KeyUnknown(key_id=int(shown))
            return int(shown)
        async with self._database.transaction() as tx:
            key_id = await store.key_id_of(tx, shown)
        if key_id is None:
            raise KeyUnknown(public_id=shown)
        return key_id

    async def announce(self, key: Key) -> None:
        """Have every node look a key up anew."""
        async with self._database.transaction() as tx:
            await store.announce(tx, key.digest)
        await self._tell(key.digest)

    async def look_up(self, digests: Collection[bytes]) -> tuple[Mapping[bytes, tuple[Key, Tier]], datetime]:
        """Return those of the keys that exist, each with its tier, and when that was so, by the database's clock."""
        return await self._database.directly(partial(_looked_up, digests=digests))

    async def resolve(self, digests: Collection[bytes]) -> Mapping[bytes, Grant | Refused]:
        """Tell for each digest what its key may do or why it is refused, in one look at the store."""
        found, _ = await self.look_up(digests)
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

    async def note_last_uses(self, last_used: Mapping[int, datetime]) -> None:
        """Note when keys were used last, by `key_id`. That is no change of a key: nobody is told."""
        await self._database.directly(partial(store.note_last_uses, last_used=last_used))

    async def changes(self, looked_at: datetime | None, *, reach: timedelta = timedelta(0)) -> tuple[Sequence[Change], datetime]:
        """Return what may have changed since the last look, and the moment of this one, by the database's clock.

        A change is stamped when it is made and seen when it is committed, so each look goes back `COMMIT_SECONDS_MAX`
        before the last, and tells the same change more than once. The first goes back `reach`.
        """
        async with self._database.transaction() as tx:
            now = await store.database_now(tx)
            since = now - reach if looked_at is None else looked_at
            return await store.changes_since(tx, since - timedelta(seconds=COMMIT_SECONDS_MAX)), now

    async def expect_one_secret(self) -> None:
        """Make sure that all nodes of this database know keys by digests under the same server secret.

        Raises:
            ServerSecretDiffers: the keys here were made under another.
        """
        async with self._database.transaction() as tx:
            noted = await store.note_server_secret(tx, self._digests.fingerprint, self._clock.now())
        if noted != self._digests.fingerprint:
            raise ServerSecretDiffers(expected=noted, found=self._digests.fingerprint)

    async def _keep(self, secret: str, wanted: Wanted, by: Signature) -> Key | None:
        expect_name(wanted.name)
        own = tidied(wanted.restrictions)
        async with self._database.transaction() as tx:
            await sign(tx, by)
            _expect_sense(own, await store.tiers_by_name(tx), wanted.tier)
            account_id = await store.account_of(tx, wanted.account) if wanted.account else None
            if wanted.account and account_id is None:
                raise AccountUnknown(account=wanted.account)
            new = NewKey(
                self._public_id(),
                self._digests.digest_of(secret),
                wanted.kind,
                wanted.tier,
                wanted.name,
                self._clock.now(),
                wanted.expires_at,
                account_id,
                own,
                wanted.on_leak,
            )
            return await store.insert_key(tx, new, digest_secret=self._digests.fingerprint)

    def _successor(self, old: Key, secret: str) -> NewKey:
        return NewKey(
            self._public_id(),
            self._digests.digest_of(secret),
            old.kind,
            old.tier,
            old.name,
            self._clock.now(),
            old.expires_at,
            old.account_id,
            old.restrictions,
            old.on_leak,
            old.quota_month,
            old.quota_used,
        )

    async def _tell(self, digest: bytes) -> None:
        if self._told is not None:
            await self._told.key_changed(digest)

    def _public_id(self) -> str:
        return f"key_{self._secrets.base62(16)}"


def _acting(by: Signature, action: str) -> Signature:
    return Signature(by.by, by.reason, by.action or action)


def expect_name(name: str) -> None:
    """Refuse a name that cannot be shown in a list."""
    if not (0 < len(name) <= NAME_CHARACTERS_MAX and name.isprintable() and name.strip()):
        raise KeyNameInvalid(characters_max=NAME_CHARACTERS_MAX)


def _expect_sense(own: Restrictions, tiers: Mapping[str, Tier], name: str) -> None:
    if name not in tiers:
        raise TierUnknown(tier=name, tiers=list(tiers))
    mistakes = restriction_mistakes(own, tiers[name].limits)
    if mistakes:
        raise KeyRestrictionsInvalid(mistakes)


async def _looked_up(tx: store.Transaction, *, digests: Collection[bytes]) -> tuple[Mapping[bytes, tuple[Key, Tier]], datetime]:
    read_at = await store.database_now(tx)  # Before the look: it may be told older than it is, never younger.
    return await store.keys_by_digest(tx, digests), read_at
