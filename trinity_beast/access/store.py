"""Every SQL statement of access."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.access.features import features_of
from trinity_beast.access.model import Account, Change, Key, KeyCensus, KeyFilter, Kind, NewKey, OnLeak, Tier
from trinity_beast.access.restrictions import Restrictions, Scope
from trinity_beast.access.tables import accounts, api_keys, rate_limit_template, server_secret

IDLE, ENDING = timedelta(days=90), timedelta(days=30)
CHANGES_MAX = 10_000
"""More changes than this in one look are followed at the next."""

_KEY = [column for column in api_keys.c if column.name not in {"digest_secret", "changed_at"}]
_OWN = ("rate_per_second", "burst", "monthly_quota", "scopes", "networks", "origins")
_TIER = [column for column in rate_limit_template.c if column.name != "changed_at"]


Transaction = AsyncConnection
"""An open transaction, as `Database` gives it."""


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
        "account_id": new.account_id,
        "on_leak": new.on_leak.value,
        "quota_month": new.quota_month,
        "quota_used": new.quota_used,
        **_own(new.restrictions),
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
    return {(key := _key(row)).digest: (key, tier_of(row, "tier_")) for row in await tx.execute(statement)}


async def keys(tx: AsyncConnection, wanted: KeyFilter) -> Sequence[Key]:
    """Return the keys wanted, the oldest first."""
    statement = sa.select(*_KEY).where(api_keys.c.key_id > wanted.after_id).order_by(api_keys.c.key_id).limit(wanted.limit)
    if wanted.account_id is not None:
        statement = statement.where(api_keys.c.account_id == wanted.account_id)
    if wanted.tier:
        statement = statement.where(api_keys.c.tier == wanted.tier)
    return [_key(row) for row in await tx.execute(statement)]


async def census(tx: AsyncConnection, *, now: datetime) -> KeyCensus:
    """Return how many keys live, have ended, leaked, lie idle and end soon, in one pass over all."""
    key = api_keys.c
    ends_at = sa.func.least(key.expires_at, key.retiring_at)  # Of what is null the other.
    lives = key.revoked_at.is_(None) & sa.or_(ends_at.is_(None), ends_at > now)
    idle = sa.func.coalesce(key.last_used_at, key.created_at) < now - IDLE
    counted = sa.func.count()
    row = (
        await tx.execute(
            sa.select(
                counted.filter(lives),
                counted.filter(sa.not_(lives)),
                counted.filter(key.leaked_at.is_not(None)),
                counted.filter(lives & idle),
                counted.filter(lives & (ends_at <= now + ENDING)),
                sa.func.min(key.created_at).filter(lives),
            )
        )
    ).one()
    return KeyCensus(*row)


async def lineage_of(tx: AsyncConnection, key_id: int) -> Sequence[int]:
    """Return the numbers of a key and of all whose successor it is, directly or by way of others."""
    line = sa.select(sa.bindparam("key_id", key_id, sa.Integer).label("key_id")).cte("line", recursive=True)
    line = line.union(sa.select(api_keys.c.key_id).join(line, api_keys.c.successor_id == line.c.key_id))
    return [int(number) for number in (await tx.execute(sa.select(line.c.key_id).order_by(line.c.key_id))).scalars()]


async def numbers_of_account(tx: AsyncConnection, account_id: int) -> Sequence[int]:
    """Return the numbers of an account's keys, ended ones too."""
    statement = sa.select(api_keys.c.key_id).where(api_keys.c.account_id == account_id).order_by(api_keys.c.key_id)
    return [int(number) for number in (await tx.execute(statement)).scalars()]


async def names_of(tx: AsyncConnection, key_ids: Collection[int]) -> Mapping[int, tuple[str, str]]:
    """Return by number what keys are shown as and called."""
    statement = sa.select(api_keys.c.key_id, api_keys.c.public_id, api_keys.c.name).where(api_keys.c.key_id.in_(key_ids))
    return {row.key_id: (row.public_id, row.name) for row in await tx.execute(statement)}


async def restrict_key(tx: AsyncConnection, key_id: int, restrictions: Restrictions, on_leak: OnLeak) -> None:
    """Keep a key to these restrictions and no others."""
    await tx.execute(sa.update(api_keys).where(api_keys.c.key_id == key_id).values(on_leak=on_leak.value, **_own(restrictions)))


async def announce(tx: AsyncConnection, digest: bytes) -> None:
    """Tell every node, once this is committed, that a key is to be looked up anew, as if it had been changed just now."""
    await tx.execute(sa.update(api_keys).where(api_keys.c.digest == digest).values(changed_at=sa.func.clock_timestamp()))
    await tx.execute(sa.select(sa.func.pg_notify("api_keys", f"digest {digest.hex()}")))


async def insert_account(tx: AsyncConnection, public_id: str, name: str, at: datetime) -> Account:
    """Keep a new account."""
    values = {"public_id": public_id, "name": name, "created_at": at}
    return Account(**(await tx.execute(sa.insert(accounts).values(values).returning(accounts))).one()._mapping)


async def all_accounts(tx: AsyncConnection) -> Sequence[Account]:
    """Return every account with how many keys it has, the oldest first."""
    counted = sa.select(sa.func.count()).where(api_keys.c.account_id == accounts.c.account_id).scalar_subquery().label("keys")
    return [Account(**row._mapping) for row in await tx.execute(sa.select(accounts, counted).order_by(accounts.c.account_id))]


async def account_of(tx: AsyncConnection, shown: str) -> int | None:
    """Return the number of an account by its number or its public id."""
    is_number = shown.isascii() and shown.isdigit() and len(shown) < 10
    named = accounts.c.account_id == int(shown) if is_number else accounts.c.public_id == shown
    account_id = (await tx.execute(sa.select(accounts.c.account_id).where(named))).scalar_one_or_none()
    return None if account_id is None else int(account_id)


async def note_server_secret(tx: AsyncConnection, fingerprint: str, at: datetime) -> str:
    """Note the server secret's fingerprint where none is noted, and return the one that is."""
    values = {"fingerprint": fingerprint, "noted_at": at}
    await tx.execute(insert(server_secret).values(values).on_conflict_do_nothing())
    return str((await tx.execute(sa.select(server_secret.c.fingerprint))).scalar_one())


async def all_tiers(tx: AsyncConnection) -> Sequence[Tier]:
    """Return every tier, the slowest first."""
    statement = sa.select(*_TIER).order_by(
        rate_limit_template.c.unlimited, rate_limit_template.c.rate_per_second, rate_limit_template.c.tier
    )
    return [tier_of(row) for row in await tx.execute(statement)]


async def tiers_by_name(tx: AsyncConnection) -> Mapping[str, Tier]:
    """Return every tier by its name."""
    return {tier.name: tier for tier in await all_tiers(tx)}


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


async def note_last_uses(tx: AsyncConnection, last_used: Mapping[int, datetime]) -> None:
    """Note when keys were used last, in one statement; what is noted already and later stays."""
    moments = sa.ARRAY(sa.DateTime(timezone=True))
    uses = (
        sa.func.unnest(
            sa.bindparam("key_ids", list(last_used), sa.ARRAY(sa.Integer)), sa.bindparam("moments", list(last_used.values()), moments)
        )
        .table_valued(sa.column("key_id", sa.Integer), sa.column("moment", sa.DateTime(timezone=True)), name="uses")
        .render_derived()
    )
    is_later = sa.func.coalesce(api_keys.c.last_used_at < uses.c.moment, True)
    await tx.execute(sa.update(api_keys).where(api_keys.c.key_id == uses.c.key_id, is_later).values(last_used_at=uses.c.moment))


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
    own = {name: fields.pop(name) for name in _OWN}
    scopes = None if own["scopes"] is None else frozenset(Scope(scope) for scope in own["scopes"] if scope in set(Scope))
    restrictions = Restrictions(**own | {"scopes": scopes, "networks": tuple(own["networks"]), "origins": tuple(own["origins"])})
    return Key(**fields | {"kind": Kind(fields["kind"]), "on_leak": OnLeak(fields["on_leak"]), "restrictions": restrictions})


def _own(restrictions: Restrictions) -> dict[str, object]:
    return {
        "rate_per_second": restrictions.rate_per_second,
        "burst": restrictions.burst,
        "monthly_quota": restrictions.monthly_quota,
        "scopes": None if restrictions.scopes is None else sorted(scope.value for scope in restrictions.scopes),
        "networks": list(restrictions.networks),
        "origins": list(restrictions.origins),
    }


def tier_of(row: sa.Row[tuple[object, ...]], prefix: str = "") -> Tier:
    """Return a tier from a row that holds its columns, each with `prefix` before its name."""
    fields = {column.name: row._mapping[f"{prefix}{column.name}"] for column in _TIER}
    return Tier(name=fields.pop("tier"), **fields | {"features": features_of(fields["features"])})
