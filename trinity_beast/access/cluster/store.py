"""Every SQL statement about nodes and blocks."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.access import store as access_store
from trinity_beast.access.alerts import QuotaAlert, note_alerts
from trinity_beast.access.cluster.model import Block, Count, Fellow, HandedOut, Holder, MonthOf, Others
from trinity_beast.access.months import month_of
from trinity_beast.access.tables import api_keys, cluster_nodes, quota_blocks, quota_months

SEEN_SECONDS = 60.0
"""A node that was not seen for so long is taken for ended."""

STARVED_SECONDS = 10.0
LeftBehind = tuple[int, date, int | None, Block]
"""A key, a month, the key's account, and the block."""

_NOW = sa.func.clock_timestamp(type_=sa.DateTime(timezone=True))


async def see_node(tx: AsyncConnection, node_id: str, name: str, *, nodes_known: int) -> Sequence[Fellow]:
    """Note that a node is alive and reckons with so many, and return all that are."""
    row = {"node_id": node_id, "name": name, "nodes_known": nodes_known, "joined_at": _NOW, "seen_at": _NOW}
    seen = {"name": name, "nodes_known": nodes_known, "seen_at": _NOW, "left_at": None}
    await tx.execute(insert(cluster_nodes).values(row).on_conflict_do_update(index_elements=["node_id"], set_=seen))
    alive = sa.select(cluster_nodes.c.node_id, cluster_nodes.c.name, cluster_nodes.c.nodes_known).where(_is_alive())
    return [Fellow(*row) for row in await tx.execute(alive)]


async def note_leaving(tx: AsyncConnection, node_id: str) -> None:
    """Note that a node has left in good order."""
    await tx.execute(sa.update(cluster_nodes).where(cluster_nodes.c.node_id == node_id).values(left_at=_NOW))


async def lock_handed_out(tx: AsyncConnection, holder: Holder, months: Collection[MonthOf]) -> HandedOut:
    """Return what a round of asks is decided by, its counts locked until the transaction ends.

    A count that is not there yet begins with what its keys were handed, or their rows say was used: code from before kept
    only that, and an account may come to be bound when its keys have been at work for days.
    """
    counts = await _counts(tx, months, for_update=True)
    if begins := [of for of in months if any((subject, of.month) not in counts for subject in of.subjects)]:
        await tx.execute(_begin_counts(begins))
        counts = await _counts(tx, months, for_update=True)
    return HandedOut(counts, await _own_blocks(tx, holder, months), await _others(tx, holder, months))


async def look_at_handed_out(tx: AsyncConnection, holder: Holder, months: Collection[MonthOf]) -> HandedOut:
    """Return how months stand, nothing locked and the asking life's blocks left out: to tell, not to decide."""
    return HandedOut(await _counts(tx, months, for_update=False), {}, await _others(tx, holder, months))


async def write_handed_out(
    tx: AsyncConnection, holder: Holder, handed_out: HandedOut, months: Iterable[MonthOf], ended: Collection[MonthOf]
) -> None:
    """Keep what a round of asks has decided; blocks of months in `ended` are done with."""
    for count in handed_out.counts.values():
        values: dict[str, object] = {"handed": count.handed} | ({"starved_at": _NOW} if count.starves else {})
        here = (quota_months.c.subject == count.subject) & (quota_months.c.month == count.month)
        await tx.execute(sa.update(quota_months).where(here).values(values))
    rows = [_block_row(holder, of, handed_out.blocks[of.place]) for of in months]
    statement = insert(quota_blocks)
    kept = {name: statement.excluded[name] for name in ("handed", "spent", "account_id")}
    await tx.execute(statement.on_conflict_do_update(index_elements=["node_id", "life", "key_id", "month"], set_=kept), rows)
    for of in ended:
        await tx.execute(
            sa.delete(quota_blocks).where(_is_of(holder), quota_blocks.c.key_id == of.key_id, quota_blocks.c.month == of.month)
        )


async def book_use(tx: AsyncConnection, used: Mapping[int, int], *, at: datetime) -> Sequence[QuotaAlert]:
    """Add what keys have used of the month of `at` to what is shown of them; what of their months is reached by that."""
    if not used:
        return ()
    await access_store.add_use(tx, used, month=month_of(at), at=at)
    return await note_alerts(tx, used, month=month_of(at), at=at)


async def starved(tx: AsyncConnection, months: Collection[MonthOf]) -> set[str]:
    """Return the subjects of which another node lately wanted more than there was."""
    subjects = {subject for of in months for subject in of.subjects}
    lately = quota_months.c.starved_at > _NOW - timedelta(seconds=STARVED_SECONDS)
    rows = await tx.execute(sa.select(quota_months.c.subject).where(quota_months.c.subject.in_(subjects), lately))
    return set(rows.scalars())


async def blocks_of_former_lives(tx: AsyncConnection, node_id: str, life: str) -> Mapping[str, Sequence[LeftBehind]]:
    """Return the blocks that lives of a node before `life` have left, locked, by life."""
    rows = await tx.execute(
        sa.select(quota_blocks)
        .where(quota_blocks.c.node_id == node_id, quota_blocks.c.life != life)
        .order_by(quota_blocks.c.life, quota_blocks.c.key_id)
        .with_for_update()
    )
    found: dict[str, list[LeftBehind]] = {}
    for row in rows:
        found.setdefault(row.life, []).append((row.key_id, row.month, row.account_id, Block(row.handed, row.spent)))
    return found


async def give_back(tx: AsyncConnection, returned: Mapping[tuple[str, date], int]) -> None:
    """Take units that nobody will spend off their counts."""
    for (subject, month), units in sorted(returned.items()):
        here = (quota_months.c.subject == subject) & (quota_months.c.month == month)
        left = sa.func.greatest(0, quota_months.c.handed - units)
        await tx.execute(sa.update(quota_months).where(here).values(handed=left))


async def forget_life(tx: AsyncConnection, holder: Holder) -> None:
    """Forget the blocks of a life."""
    await tx.execute(sa.delete(quota_blocks).where(_is_of(holder)))


async def forget_months_before(tx: AsyncConnection, month: date) -> None:
    """Forget counts and blocks of months long gone."""
    await tx.execute(sa.delete(quota_blocks).where(quota_blocks.c.month < month))
    await tx.execute(sa.delete(quota_months).where(quota_months.c.month < month))


def _subjects(months: Collection[MonthOf]) -> Sequence[tuple[str, date]]:
    return sorted({(subject, of.month) for of in months for subject in of.subjects})


async def _counts(tx: AsyncConnection, months: Collection[MonthOf], *, for_update: bool) -> dict[tuple[str, date], Count]:
    wanted = sa.tuple_(quota_months.c.subject, quota_months.c.month).in_(_subjects(months))
    # Always in one order, so that two nodes with the same keys wait for each other instead of for ever.
    statement = sa.select(quota_months).where(wanted).order_by(quota_months.c.subject, quota_months.c.month)
    rows = await tx.execute(statement.with_for_update() if for_update else statement)
    return {(row.subject, row.month): Count(row.subject, row.month, row.handed) for row in rows}


def _begin_counts(months: Collection[MonthOf]) -> sa.Insert:
    keys = {(of.month, of.key_id, None) for of in months}
    accounts = {(of.month, None, of.bound_account_id) for of in months if of.bound_account_id is not None}
    begun_months, key_ids, account_ids = zip(*keys, *accounts, strict=True)
    begun = (
        sa.func.unnest(
            sa.bindparam("months", list(begun_months), sa.ARRAY(sa.Date)),
            sa.bindparam("key_ids", list(key_ids), sa.ARRAY(sa.Integer)),
            sa.bindparam("account_ids", list(account_ids), sa.ARRAY(sa.Integer)),
        )
        .table_valued(sa.column("month", sa.Date), sa.column("key_id", sa.Integer), sa.column("account_id", sa.Integer), name="begun")
        .render_derived()
    )
    of_key = sa.literal("key:") + sa.cast(api_keys.c.key_id, sa.Text)
    handed = sa.select(quota_months.c.handed).where(quota_months.c.subject == of_key, quota_months.c.month == begun.c.month)
    of_row = sa.case((api_keys.c.quota_month == begun.c.month, api_keys.c.quota_used), else_=0)
    # A rotated key's successor began with what the old one had used: counted with both it would be paid for twice.
    is_of_account = (api_keys.c.account_id == begun.c.account_id) & api_keys.c.successor_id.is_(None)
    used = (
        sa.select(sa.func.sum(sa.func.coalesce(handed.correlate(api_keys, begun).scalar_subquery(), of_row)))
        .where(sa.or_(api_keys.c.key_id == begun.c.key_id, is_of_account))
        .correlate(begun)
    )
    subject = sa.func.coalesce(
        sa.literal("key:") + sa.cast(begun.c.key_id, sa.Text), sa.literal("account:") + sa.cast(begun.c.account_id, sa.Text)
    )
    rows = sa.select(subject, begun.c.month, sa.func.coalesce(used.scalar_subquery(), 0)).order_by(subject, begun.c.month)
    return insert(quota_months).from_select(["subject", "month", "handed"], rows).on_conflict_do_nothing()


async def _own_blocks(tx: AsyncConnection, holder: Holder, months: Collection[MonthOf]) -> dict[tuple[int, date], Block]:
    rows = await tx.execute(sa.select(quota_blocks).where(_is_of(holder), quota_blocks.c.key_id.in_({of.key_id for of in months})))
    return {(row.key_id, row.month): Block(row.handed, row.spent) for row in rows}


async def _others(tx: AsyncConnection, holder: Holder, months: Collection[MonthOf]) -> dict[tuple[int, date], Others]:
    """Return what other living nodes hold. What the other keys of an account hold on this node the node itself knows best."""
    key_ids, account_ids = {of.key_id for of in months}, {of.account_id for of in months if of.account_id is not None}
    alive = sa.select(cluster_nodes.c.node_id).where(_is_alive())
    rows = await tx.execute(
        sa.select(quota_blocks).where(
            sa.or_(quota_blocks.c.key_id.in_(key_ids), quota_blocks.c.account_id.in_(account_ids)),
            quota_blocks.c.handed > quota_blocks.c.spent,
            quota_blocks.c.node_id.in_(alive),
            quota_blocks.c.node_id != holder.node_id,
        )
    )
    held: dict[tuple[str, date], dict[str, int]] = {}
    for row in rows:
        for subject in [f"key:{row.key_id}"] + ([] if row.account_id is None else [f"account:{row.account_id}"]):
            by_node = held.setdefault((subject, row.month), {})
            by_node[row.node_id] = by_node.get(row.node_id, 0) + row.handed - row.spent
    return {of.place: _others_of(of, held) for of in months}


def _others_of(of: MonthOf, held: Mapping[tuple[str, date], Mapping[str, int]]) -> Others:
    by_subject = {subject: held.get((subject, of.month), {}) for subject in of.subjects}
    nodes = {node_id for by_node in by_subject.values() for node_id in by_node}
    return Others(len(nodes), {subject: sum(by_node.values()) for subject, by_node in by_subject.items()})


def _block_row(holder: Holder, of: MonthOf, block: Block) -> dict[str, object]:
    return {
        "node_id": holder.node_id,
        "life": holder.life,
        "key_id": of.key_id,
        "month": of.month,
        "account_id": of.account_id,
        "handed": block.handed,
        "spent": block.spent,
    }


def _is_of(holder: Holder) -> sa.ColumnElement[bool]:
    return (quota_blocks.c.node_id == holder.node_id) & (quota_blocks.c.life == holder.life)


def _is_alive() -> sa.ColumnElement[bool]:
    return cluster_nodes.c.left_at.is_(None) & (cluster_nodes.c.seen_at > _NOW - timedelta(seconds=SEEN_SECONDS))
