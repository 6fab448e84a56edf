"""Every SQL statement of access."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.access.model import Change, Key, Kind, NewKey, Tier
from trinity_beast.access.tables import api_keys, rate_limit_template

CHANGES_MAX = 10_000
"""More changes than this in one look are followed at the next."""

_KEY = [column for column in api_keys.c if column.name not in {"digest_secret", "changed_at"}]
_TIER = [column for column in rate_limit_template.c if column.name != "changed_at"]


async def insert_key(tx: AsyncConnection, new: NewKey, *, digest_secret: str) -> Key | None:
    """Keep a new key and return it, or None when one of its digest is there already."""
    values = {
        "public_id": new.public_id,
        "digest": new.digest,
        "digest_secret": digest_secret,
        "kind": new.kind.value,
        "tier": new.tier,
        "name": new.name,
        "created_at": new.created_at,
        "expires_at": new.expires_at,
    }
    statement = insert(api_keys).values(values).on_conflict_do_nothing(index_elements=["digest"]).returning(*_KEY)
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else _key(row)


async def key_by_id(tx: AsyncConnection, key_id: int, *, for_update: bool = False) -> Key | None:
    """Return a key, locked until the transaction ends where `for_update` says so."""
    statement = sa.select(*_KEY).where(api_keys.c.key_id == key_id)
    row = (await tx.execute(statement.with_for_update() if for_update else statement)).one_or_none()
    return None if row is None else _key(row)


async def key_id_of(tx: AsyncConnection, public_id: str) -> int | None:
    """Return the number of the key that is shown as `public_id`."""
    key_id = (await tx.execute(sa.select(api_keys.c.key_id).where(api_keys.c.public_id == public_id))).scalar_one_or_none()
    return None if key_id is None else int(key_id)


async def keys_by_digest(tx: AsyncConnection, digests: Collection[bytes]) -> Mapping[bytes, tuple[Key, Tier]]:
    """Return the keys that have one of `digests`, each with its tier, in one statement."""
    statement = (
        sa.select(*_KEY, *[column.label(f"tier_{column.name}") for column in _TIER])
        .join(rate_limit_template, rate_limit_template.c.tier == api_keys.c.tier)
        .where(api_keys.c.digest == sa.any_(sa.bindparam("digests", list(digests), sa.ARRAY(sa.LargeBinary))))
    )
    return {(key := _key(row)).digest: (key, _tier(row, "tier_")) for row in await tx.execute(statement)}


async def all_keys(tx: AsyncConnection) -> Sequence[Key]:
    """Return every key, the oldest first."""
    return [_key(row) for row in await tx.execute(sa.select(*_KEY).order_by(api_keys.c.key_id))]


async def all_tiers(tx: AsyncConnection) -> Sequence[Tier]:
    """Return every tier, the slowest first."""
    statement = sa.select(*_TIER).order_by(
        rate_limit_template.c.unlimited, rate_limit_template.c.rate_per_second, rate_limit_template.c.tier
    )
    return [_tier(row) for row in await tx.execute(statement)]


async def revoke_key(tx: AsyncConnection, key_id: int, *, at: datetime) -> None:
    """Revoke a key; one that was revoked before keeps its time."""
    await tx.execute(sa.update(api_keys).where(api_keys.c.key_id == key_id, api_keys.c.revoked_at.is_(None)).values(revoked_at=at))


async def retire_key(tx: AsyncConnection, key_id: int, *, at: datetime, successor_id: int) -> None:
    """Have a key end at `at`, followed by another."""
    await tx.execute(sa.update(api_keys).where(api_keys.c.key_id == key_id).values(retiring_at=at, successor_id=successor_id))


async def add_use(tx: AsyncConnection, used: Mapping[int, int], *, month: date, at: datetime) -> None:
    """Add requests to the keys' counts of `month`, in one statement; a count of another month starts afresh."""
    uses = (
        sa.func.unnest(
            sa.bindparam("key_ids", list(used), sa.ARRAY(sa.Integer)), sa.bindparam("counts", list(used.values()), sa.ARRAY(sa.BigInteger))
        )
        .table_valued(sa.column("key_id", sa.Integer), sa.column("count", sa.BigInteger), name="uses")
        .render_derived()
    )
    same_month = api_keys.c.quota_month == month
    statement = (
        sa.update(api_keys)
        .where(api_keys.c.key_id == uses.c.key_id)
        .values(
            quota_used=uses.c["count"] + sa.case((same_month, api_keys.c.quota_used), else_=0),
            quota_month=month,
            last_used_at=sa.func.greatest(api_keys.c.last_used_at, at),
        )
    )
    await tx.execute(statement)


async def changes_since(tx: AsyncConnection, since: datetime) -> Sequence[Change]:
    """Return the keys and tiers changed after `since` by the database's clock, the oldest change first."""
    keys = sa.select(api_keys.c.digest, sa.null().label("tier"), api_keys.c.changed_at).where(api_keys.c.changed_at > since)
    tiers = sa.select(sa.cast(sa.null(), sa.LargeBinary), rate_limit_template.c.tier, rate_limit_template.c.changed_at).where(
        rate_limit_template.c.changed_at > since
    )
    changed = keys.union_all(tiers).subquery()
    statement = sa.select(changed).order_by(changed.c.changed_at).limit(CHANGES_MAX)
    return [Change(row.digest, row.tier, row.changed_at) for row in await tx.execute(statement)]


async def database_now(tx: AsyncConnection) -> datetime:
    """Return the time by the database's clock, by which changes are stamped."""
    return (await tx.execute(sa.select(sa.func.clock_timestamp(type_=sa.DateTime(timezone=True))))).scalar_one()


def _key(row: sa.Row[tuple[object, ...]]) -> Key:
    fields = {column.name: row._mapping[column.name] for column in _KEY}
    return Key(**fields | {"kind": Kind(fields["kind"])})


def _tier(row: sa.Row[tuple[object, ...]], prefix: str = "") -> Tier:
    fields = {column.name: row._mapping[f"{prefix}{column.name}"] for column in _TIER}
    return Tier(name=fields.pop("tier"), **fields)
