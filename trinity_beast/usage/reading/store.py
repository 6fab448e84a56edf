"""Every SQL statement that reads stored usage for reports. All of a look are asked in one transaction that sees one moment."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.storage import fetched
from trinity_beast.usage.model import Span
from trinity_beast.usage.reading.model import CHARGED, NOTHING, REFUSED_FROM, Counted, Dimension, Names, Place, Sought, Totals
from trinity_beast.usage.reading.seen import LaneStored
from trinity_beast.usage.summary import Chosen, Grouped, Sums, sums
from trinity_beast.usage.tables import usage_key_days, usage_lanes, usage_logs, usage_nodes, usage_sources, usage_words

Moment = AsyncConnection
"""A transaction that sees one moment."""
ROWS_AT_ONCE = 500
"""So many rows come from the database at a time, and are put into words before others get their turn."""
BRANCHES_MAX = 64
"""More keys or nodes than this are sorted as a whole rather than merged from an index each."""
SHARES = (0.5, 0.95, 0.99)
NO_NUMBER = -1
_GROUPED = {
    Dimension.ASSET: Grouped.ASSET,
    Dimension.SOURCE: Grouped.SOURCE,
    Dimension.STATUS: Grouped.STATUS,
    Dimension.PROTOCOL: Grouped.PROTOCOL,
    Dimension.CACHE_TIER: Grouped.CACHE_TIER,
    Dimension.CODE: Grouped.CODE,
}
_ROW = usage_logs.c
_COLUMNS = [_ROW[name] for name in (
    "time", "request_id", "key_id", "asset", "asset_count", "source_id", "cache_tier", "state", "status", "code", "protocol", "flags",
    "latency_ns", "answer_bytes", "node_id", "lane_id", "sequence",
)]  # fmt: skip
_PLACE = ("time", "lane_id", "sequence")
_LANES = sa.text(
    "SELECT lane_id, changed_at, ARRAY(SELECT lower(span) FROM unnest(stored) AS span ORDER BY 1),"
    " ARRAY(SELECT upper(span) - 1 FROM unnest(stored) AS span ORDER BY 1) FROM usage_lanes"
)
_OLDEST_PARTITION = sa.text(
    "SELECT min(relname) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid WHERE inhparent = 'usage_logs'::regclass"
)


async def see_one_moment(tx: AsyncConnection) -> None:
    """Have everything that is asked in `tx` from here on be of this one moment, and its first rows be there at once."""
    await tx.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    # Else a long listing may be sorted as a whole before its first row: cheaper in the end, but somebody waits for the first.
    await tx.execute(sa.text("SET LOCAL cursor_tuple_fraction = 0.0001"))


async def names(tx: AsyncConnection) -> Names:
    """Return what the small numbers of rows mean."""
    nodes = {int(number): str(node) for number, node in await tx.execute(sa.select(usage_nodes.c.node_id, usage_nodes.c.node))}
    named = sa.select(usage_sources.c.source_id, usage_sources.c.venue, usage_sources.c.source)
    sources = {int(number): (str(venue), str(source)) for number, venue, source in await tx.execute(named)}
    worded = sa.select(usage_words.c.kind, usage_words.c.number, usage_words.c.word)
    words = {(str(kind), int(number)): str(word) for kind, number, word in await tx.execute(worded)}
    return Names(nodes, sources, words)


async def lanes(tx: AsyncConnection) -> list[LaneStored]:
    """Return which sequences of each lane are stored."""
    return [
        LaneStored(lane_id, tuple(Span(first, last) for first, last in zip(firsts, lasts, strict=True)), changed_at)
        for lane_id, changed_at, firsts, lasts in await tx.execute(_LANES)
    ]


async def last_change(tx: AsyncConnection) -> datetime | None:
    """Return when rows were stored last."""
    changed_at: datetime | None = (await tx.execute(sa.select(sa.func.max(usage_lanes.c.changed_at)))).scalar_one()
    return changed_at


async def database_now(tx: AsyncConnection) -> datetime:
    """Return the database's time at which `tx` began."""
    now: datetime = (await tx.execute(sa.select(sa.func.now()))).scalar_one()
    return now


async def stamp(tx: AsyncConnection, sought: Sought) -> tuple[object, ...]:
    """Return what changes whenever a row is added to, or dropped from, the days that are sought.

    Counts of keys are added to in the transaction that stores their rows, and only ever grow.
    """
    days = usage_key_days.c
    first, last = sought.since.date(), (sought.until - timedelta(microseconds=1)).date()
    counted = sa.select(sa.func.count(), sa.func.sum(days.requests), sa.func.sum(days.answer_bytes)).where(days.day.between(first, last))
    if sought.key_ids is not None:
        counted = counted.where(days.key_id.in_(sought.key_ids))
    row = (await tx.execute(counted)).one()
    return (*(int(number or 0) for number in row), (await tx.execute(_OLDEST_PARTITION)).scalar_one())


def rows(
    tx: AsyncConnection, sought: Sought, known: Names, *, newest_first: bool, after: Place | None, at_once: int = ROWS_AT_ONCE
) -> AsyncGenerator[Sequence[sa.Row[Any]], None]:
    """Go through the rows in the order of their places, some at a time: the database keeps the rest until it is asked for."""
    return fetched(tx, _ordered(sought, known, newest_first=newest_first, after=after), at_once)


async def totals(tx: AsyncConnection, sought: Sought, known: Names, dimensions: Sequence[Dimension]) -> list[Totals]:
    """Return what the answers come to, all of them first, then by each of `dimensions`, from the sums by day where those reach."""
    by = [_GROUPED[dimension] for dimension in dimensions]
    found = await sums(tx, _chosen(sought, known), by)
    return [_totals_of(each, known) for each in found] or [Totals(Dimension.ALL, "", NOTHING)]


async def days(tx: AsyncConnection, sought: Sought, known: Names) -> dict[date, Counted]:
    """Return what the answers of each day in UTC come to, from the sums by day where those reach; days without any are left out."""
    found = await sums(tx, _chosen(sought, known), [Grouped.DAY])
    return {each.value: _sums_counted(each) for each in found if each.by is Grouped.DAY and isinstance(each.value, date)}


async def periods(tx: AsyncConnection, sought: Sought, known: Names, starts: Sequence[datetime]) -> dict[int, Counted]:
    """Return what the answers of each period come to, by its place; those without any are left out. A period ends where the next starts."""
    place = sa.func.width_bucket(_ROW.time, sa.literal(list(starts), sa.ARRAY(sa.DateTime(timezone=True)))).label("place")
    statement = sa.select(place, *_sums()).where(*_conditions(sought, known)).group_by(sa.text("1"))
    return {int(row[0]) - 1: _counted(row[1:]) for row in await tx.execute(statement)}


def _ordered(sought: Sought, known: Names, *, newest_first: bool, after: Place | None) -> sa.Select[Any] | sa.CompoundSelect[Any]:
    """Return the rows by their places.

    No index is by time alone. Each key's rows, and each node's, lie in one by time: so these are read one beside the other and
    merged, and the first row is there at once however many there are.
    """
    branches = _branches(sought, known)
    # Each branch names its key itself: said twice, the planner would expect next to no rows.
    others = replace(sought, key_ids=None) if branches and sought.key_ids is not None else sought
    conditions = [*_conditions(others, known), *_beyond(after, newest_first=newest_first)]
    order = [_ROW[name].desc() if newest_first else _ROW[name] for name in _PLACE]
    if len(branches) > BRANCHES_MAX:
        return sa.select(*_COLUMNS).where(*conditions, sa.or_(*branches)).order_by(*order)
    if len(branches) == 1:
        return sa.select(*_COLUMNS).where(*conditions, branches[0]).order_by(*order)
    merged = sa.union_all(*[sa.select(*_COLUMNS).where(*conditions, branch) for branch in branches or [sa.false()]])
    place = merged.selected_columns
    return merged.order_by(*[place[name].desc() if newest_first else place[name] for name in _PLACE])


def _branches(sought: Sought, known: Names) -> list[sa.ColumnElement[bool]]:
    if sought.key_ids is not None:
        return [_ROW.key_id == key_id for key_id in sought.key_ids]
    if sought.assets:
        return [_ROW.asset == asset for asset in sought.assets]
    return [_ROW.node_id == node_id for node_id in known.nodes]


def _beyond(after: Place | None, *, newest_first: bool) -> list[sa.ColumnElement[bool]]:
    if after is None:
        return []
    place, bound = sa.tuple_(*[_ROW[name] for name in _PLACE]), sa.tuple_(after.time, after.lane_id, after.sequence)
    # The first of each pair is what prunes partitions and begins the index at the right place.
    return [_ROW.time <= after.time, place < bound] if newest_first else [_ROW.time >= after.time, place > bound]


def _conditions(sought: Sought, known: Names) -> list[sa.ColumnElement[bool]]:
    conditions = [_ROW.time >= sought.since, _ROW.time < sought.until]
    if sought.key_ids is not None:
        conditions.append(_ROW.key_id.in_(sought.key_ids))
    if sought.assets:
        conditions.append(_ROW.asset.in_(sought.assets))
    if sought.sources:
        conditions.append(_ROW.source_id.in_(known.sources_of(sought.sources)))
    if sought.statuses:
        conditions.append(sa.or_(*[_ROW.status.between(span.first, span.last) for span in sought.statuses]))
    if sought.protocols:
        conditions.append(_ROW.protocol.in_(known.numbers_of("protocol", sought.protocols)))
    return conditions


def _sums() -> list[sa.ColumnElement[Any]]:
    shares = sa.literal(list(SHARES), sa.ARRAY(sa.Float))
    return [
        sa.func.count(),
        sa.func.count().filter(_ROW.flags.bitwise_and(CHARGED) != 0),
        sa.func.count().filter(_ROW.status >= REFUSED_FROM),
        sa.func.coalesce(sa.func.sum(_ROW.answer_bytes), 0),
        sa.func.percentile_disc(shares).within_group(_ROW.latency_ns),
    ]


def _counted(sums: Sequence[Any]) -> Counted:
    requests, charged, refused, answer_bytes, latencies = sums
    return Counted(int(requests), int(charged), int(refused), int(answer_bytes), *(latencies or (None, None, None)))


def _chosen(sought: Sought, known: Names) -> Chosen:
    """Return what is sought by the numbers rows have. A name without a number is a number that no row has."""
    source_ids = known.sources_of(sought.sources) or ([NO_NUMBER] if sought.sources else [])
    protocols = known.numbers_of("protocol", sought.protocols) or ([NO_NUMBER] if sought.protocols else [])
    return Chosen(sought.since, sought.until, sought.key_ids, sought.assets, tuple(source_ids), sought.statuses, tuple(protocols))


def _totals_of(found: Sums, known: Names) -> Totals:
    dimension = next((dimension for dimension, grouped in _GROUPED.items() if grouped is found.by), Dimension.ALL)
    return Totals(dimension, "" if found.by is None else _value_of(dimension, found.value, known), _sums_counted(found))


def _sums_counted(found: Sums) -> Counted:
    shares = [found.latencies.percentile(share) for share in SHARES]
    return Counted(found.requests, found.charged, found.refused, found.answer_bytes, *shares)


def _value_of(dimension: Dimension, value: Any, known: Names) -> str:
    match dimension:
        case Dimension.SOURCE:
            return known.sources.get(value, ("", "?"))[1]
        case Dimension.PROTOCOL | Dimension.CACHE_TIER | Dimension.CODE:
            return known.word(dimension.value, value)
    return str(value)
