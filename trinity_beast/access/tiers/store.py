"""The statements that change tiers."""

from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.access.features import features_of
from trinity_beast.access.model import Tier
from trinity_beast.access.store import tier_of
from trinity_beast.access.tables import api_keys, rate_limit_template
from trinity_beast.access.tiers.rules import WantedTier


async def tier(tx: AsyncConnection, name: str, *, for_update: bool = False) -> Tier | None:
    """Return a tier, locked until the transaction ends where `for_update` says so."""
    statement = sa.select(rate_limit_template).where(rate_limit_template.c.tier == name)
    row = (await tx.execute(statement.with_for_update() if for_update else statement)).one_or_none()
    return None if row is None else tier_of(row)


async def save(tx: AsyncConnection, wanted: WantedTier) -> Tier:
    """Save a tier, new or changed."""
    values = asdict(wanted) | {"features": features_of(wanted.features).as_json()}
    values["tier"] = values.pop("name")
    changed = {name: value for name, value in values.items() if name != "tier"}
    statement = insert(rate_limit_template).values(values).on_conflict_do_update(index_elements=["tier"], set_=changed)
    return tier_of((await tx.execute(statement.returning(rate_limit_template))).one())


async def keys_of(tx: AsyncConnection, name: str) -> int:
    """Return how many keys a tier has, ended ones included."""
    return int((await tx.execute(sa.select(sa.func.count()).where(api_keys.c.tier == name))).scalar_one())


async def remove(tx: AsyncConnection, name: str) -> None:
    """Remove a tier."""
    await tx.execute(sa.delete(rate_limit_template).where(rate_limit_template.c.tier == name))
