"""Every use case of tiers."""

from collections.abc import Sequence
from dataclasses import dataclass

from trinity_beast.access import store as keys_store
from trinity_beast.access.errors import TierChanged, TierInUse, TierInvalid, TierUnknown
from trinity_beast.access.features import features_of
from trinity_beast.access.model import Tier
from trinity_beast.access.service import Told
from trinity_beast.access.tiers import store
from trinity_beast.access.tiers.rules import WantedTier, tier_mistakes
from trinity_beast.audit import Audit, Entry, Signature, Sought, sign
from trinity_beast.storage import Database

KIND = "tier"


@dataclass(frozen=True, slots=True)
class SavedTier:
    """A tier as it is now, and whether saving it changed anything."""

    tier: Tier
    is_changed: bool


class Tiers:
    """The tiers for whoever sells them. What is saved holds for every admitted key within a second, on every node."""

    def __init__(self, database: Database, told: Told | None = None) -> None:
        """Keep tiers in `database`. `told` hears of every change made here, once it is committed, besides the database's notice."""
        self._database, self._audit, self._told = database, Audit(database), told

    async def listing(self) -> Sequence[Tier]:
        """Return every tier, the slowest first."""
        async with self._database.transaction() as tx:
            return await keys_store.all_tiers(tx)

    async def tier(self, name: str) -> Tier:
        """Return a tier.

        Raises:
            TierUnknown: there is none of that name.
        """
        async with self._database.transaction() as tx:
            found = await store.tier(tx, name)
            if found is None:
                raise TierUnknown(tier=name, tiers=list(await keys_store.tiers_by_name(tx)))
        return found

    async def save(self, wanted: WantedTier, by: Signature, *, expected_version: int | None = None) -> SavedTier:
        """Save a tier, new or changed. What its keys have spent stays spent.

        Raises:
            TierInvalid: values that make no sense; all of them are named.
            TierChanged: it is not at the version expected (0: there is none yet).
        """
        mistakes = tier_mistakes(wanted)
        if mistakes:
            raise TierInvalid(mistakes)
        async with self._database.transaction() as tx:
            await sign(tx, by)
            stored = await store.tier(tx, wanted.name, for_update=True)
            version = stored.version if stored else 0
            if expected_version is not None and expected_version != version:
                raise TierChanged(tier=wanted.name, expected_version=expected_version, version=version)
            if stored is not None and _is_same(stored, wanted):
                return SavedTier(stored, is_changed=False)
            saved = SavedTier(await store.save(tx, wanted), is_changed=True)
        if self._told is not None:
            await self._told.tier_changed(wanted.name)
        return saved

    async def remove(self, name: str, by: Signature) -> None:
        """Remove a tier nobody has.

        Raises:
            TierUnknown: there is none of that name.
            TierInUse: it has keys, ended ones included.
        """
        async with self._database.transaction() as tx:
            await sign(tx, by)
            if await store.tier(tx, name, for_update=True) is None:
                raise TierUnknown(tier=name, tiers=list(await keys_store.tiers_by_name(tx)))
            keys = await store.keys_of(tx, name)
            if keys:
                raise TierInUse(tier=name, keys=keys)
            await store.remove(tx, name)

    async def history(self, name: str, *, before: int | None = None, limit: int = 50) -> Sequence[Entry]:
        """Return the changes of a tier, the newest first: who, when, why, and what differed. One long removed has its history too."""
        return await self._audit.entries(Sought(KIND, name, before, limit))


def _is_same(stored: Tier, wanted: WantedTier) -> bool:
    return (
        stored.rate_per_second == wanted.rate_per_second
        and stored.burst == wanted.burst
        and stored.monthly_quota == wanted.monthly_quota
        and stored.report_quota == wanted.report_quota
        and stored.unlimited == wanted.unlimited
        and stored.key_cache_seconds == wanted.key_cache_seconds
        and stored.features == features_of(wanted.features)
    )
