"""Every SQL statement of parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.audit import Signature, note, sign, versions
from trinity_beast.parameters.profiles import Profile
from trinity_beast.parameters.settled import Change, Changed, Confirmed, Settled
from trinity_beast.parameters.tables import (
    application_parameter_changes,
    application_parameter_nodes,
    application_parameter_profiles,
    application_parameter_versions,
    application_parameters,
)

PROFILE = "profile"
"""What profiles are called in the trail."""
_VERSIONS, _CHANGES = application_parameter_versions.c, application_parameter_changes.c
_NEWEST = sa.select(sa.func.max(_VERSIONS.version)).scalar_subquery()
# In one question that is put together once: a deployment waits for the answer.
_SETTLED = sa.select(
    _NEWEST,
    sa.select(_VERSIONS.profile).where(_VERSIONS.version == _NEWEST).scalar_subquery(),
    sa.select(sa.func.jsonb_object_agg(application_parameters.c.name, application_parameters.c.value)).scalar_subquery(),
)


async def hold(tx: AsyncConnection) -> None:
    """Let nobody else change parameters until the transaction ends."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("application_parameters", 0))))


async def settled(tx: AsyncConnection) -> Settled:
    """Return the stored values and their version; version 0 where nothing was ever set."""
    version, name, stored = (await tx.execute(_SETTLED)).one()
    return Settled(version or 0, stored or {}, name or "")


async def write(tx: AsyncConnection, before: Settled, after: Mapping[str, Any], change: Change, *, profile: str = "") -> int:
    """Store values in the place of those before, with what changed; return the new version."""
    await sign(tx, Signature(change.by, change.reason))
    version = before.version + 1
    told = {"version": version, "changed_by": change.by, "reason": change.reason, "profile": profile}
    await tx.execute(insert(application_parameter_versions).values(told))
    names = [name for name in sorted({*before.values, *after}) if before.values.get(name) != after.get(name)]
    for name in names:
        row = {"version": version, "name": name, "before": _json(before.values.get(name)), "after": _json(after.get(name))}
        await tx.execute(insert(application_parameter_changes).values(row))
    gone = [name for name in names if name not in after]
    await tx.execute(sa.delete(application_parameters).where(application_parameters.c.name.in_(gone)))
    for name in (name for name in names if name in after):
        held = insert(application_parameters).values(name=name, value=after[name], version=version)
        newer = {"value": held.excluded.value, "version": held.excluded.version}
        await tx.execute(held.on_conflict_do_update(index_elements=["name"], set_=newer))
    return version


async def announce(tx: AsyncConnection, *, by: str) -> int:
    """Tell every node the newest version anew, as if it had just been set, and return it; 0 where nothing was ever set."""
    again = sa.update(application_parameter_versions).where(_VERSIONS.version == _NEWEST).values(version=_VERSIONS.version)
    found = (await tx.execute(again.returning(_VERSIONS.version))).scalar_one_or_none()
    if found is None:
        await tx.execute(sa.select(sa.func.pg_notify("application_parameters", "0")))
    version = int(found or 0)
    await note(tx, Signature(by, action="deployed"), "parameters", "all", {"version": version})
    return version


async def history(tx: AsyncConnection, *, name: str | None, before: int | None, limit: int) -> list[Changed]:
    """Return changes, newest first; of one parameter, and below a version, where they are given."""
    query = (
        sa.select(
            _CHANGES.version, _CHANGES.name, _CHANGES.before, _CHANGES.after,
            _VERSIONS.changed_at, _VERSIONS.changed_by, _VERSIONS.reason, _VERSIONS.profile,
        )
        .join_from(application_parameter_changes, application_parameter_versions, _VERSIONS.version == _CHANGES.version)
        .order_by(_CHANGES.version.desc(), _CHANGES.name)
        .limit(limit)
    )  # fmt: skip
    if name is not None:
        query = query.where(_CHANGES.name == name)
    if before is not None:
        query = query.where(_CHANGES.version < before)
    return [Changed(**row) for row in (await tx.execute(query)).mappings()]


async def newest_changes(tx: AsyncConnection) -> dict[str, Changed]:
    """Return each parameter's last change."""
    newest = sa.select(_CHANGES.name, sa.func.max(_CHANGES.version).label("version")).group_by(_CHANGES.name).subquery()
    query = (
        sa.select(
            _CHANGES.version, _CHANGES.name, _CHANGES.before, _CHANGES.after,
            _VERSIONS.changed_at, _VERSIONS.changed_by, _VERSIONS.reason, _VERSIONS.profile,
        )
        .join_from(application_parameter_changes, newest, sa.and_(newest.c.name == _CHANGES.name, newest.c.version == _CHANGES.version))
        .join(application_parameter_versions, _VERSIONS.version == _CHANGES.version)
    )  # fmt: skip
    return {row["name"]: Changed(**row) for row in (await tx.execute(query)).mappings()}


async def values_at(tx: AsyncConnection, version: int) -> dict[str, Any]:
    """Return what was set at a version: of each parameter, what its last change up to there came to."""
    last = (
        sa.select(_CHANGES.name, _CHANGES.after)
        .where(_CHANGES.version <= version)
        .ext(distinct_on(_CHANGES.name))
        .order_by(_CHANGES.name, _CHANGES.version.desc())
    )
    return {row.name: row.after for row in await tx.execute(last) if row.after is not None}


async def changes_of(tx: AsyncConnection, version: int) -> list[Changed]:
    """Return what one version changed."""
    return [changed for changed in await history(tx, name=None, before=version + 1, limit=10_000) if changed.version == version]


async def profiles(tx: AsyncConnection) -> list[Profile]:
    """Return the saved profiles by name."""
    table = application_parameter_profiles
    rows = (await tx.execute(sa.select(table.c.profile, table.c.description, table.c["values"]).order_by(table.c.profile))).mappings()
    return await at_their_versions(tx, [Profile(row["profile"], row["description"], row["values"], group="saved") for row in rows])


async def at_their_versions(tx: AsyncConnection, found: Sequence[Profile]) -> list[Profile]:
    """Return saved profiles with their versions."""
    numbers = await versions(tx, PROFILE, [each.name for each in found])
    return [replace(each, version=numbers[each.name]) for each in found]


async def write_profile(tx: AsyncConnection, profile: Profile, *, by: str) -> None:
    """Save a profile, new or changed."""
    await sign(tx, Signature(by))
    row = {"profile": profile.name, "description": profile.description, "values": dict(profile.values), "changed_by": by}
    held = insert(application_parameter_profiles).values(row)
    newer = {name: held.excluded[name] for name in ("description", "values", "changed_by")} | {"changed_at": sa.func.clock_timestamp()}
    await tx.execute(held.on_conflict_do_update(index_elements=["profile"], set_=newer))


async def confirm(tx: AsyncConnection, node_id: str, name: str, version: int) -> None:
    """Note that a node runs a version."""
    held = insert(application_parameter_nodes).values(node_id=node_id, name=name, version=version)
    newer = {"name": held.excluded.name, "version": held.excluded.version, "confirmed_at": sa.func.clock_timestamp()}
    await tx.execute(held.on_conflict_do_update(index_elements=["node_id"], set_=newer))


async def leave(tx: AsyncConnection, node_id: str) -> None:
    """Note that a node runs nothing any more."""
    await tx.execute(sa.delete(application_parameter_nodes).where(application_parameter_nodes.c.node_id == node_id))


async def confirmed(tx: AsyncConnection, *, within_seconds: float) -> Sequence[Confirmed]:
    """Return what each node runs that has said so lately."""
    table = application_parameter_nodes
    lately = table.c.confirmed_at > sa.func.clock_timestamp() - sa.func.make_interval(0, 0, 0, 0, 0, 0, within_seconds)
    rows = (await tx.execute(sa.select(table).where(lately).order_by(table.c.name, table.c.node_id))).mappings()
    return [Confirmed(**row) for row in rows]


def _json(value: object) -> object:
    return sa.null() if value is None else value
