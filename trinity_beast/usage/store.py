"""Every SQL statement of usage, but for its reports."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.storage import copy_into
from trinity_beast.usage.model import BatchName, LaneDay, LaneNumbers, PackedBatch, Span, StoredDay, UsedDay
from trinity_beast.usage.tables import usage_lanes, usage_nodes, usage_set_aside, usage_sources, usage_words

_OVERLAP = sa.text(
    "SELECT lower(span), upper(span) - 1 FROM ("
    "  SELECT unnest(stored * int8multirange(int8range(:first, :last, '[]'))) AS span FROM usage_lanes WHERE lane_id = :lane"
    ") AS overlap"
)
_STORED = sa.text(
    "UPDATE usage_lanes SET stored = stored + int8multirange(int8range(:first, :last, '[]')), changed_at = clock_timestamp()"
    " WHERE lane_id = :lane"
)
_NOTE_CHANGES = sa.text(
    "INSERT INTO usage_day_changes (day, lane_id, node_id, spans, records, first_at, last_at)"
    " SELECT day, :lane, :node, int8multirange(int8range(:first, :last, '[]')) - CAST(:stored AS int8multirange),"
    " records, first_at, last_at"
    " FROM unnest(CAST(:days AS date[]), CAST(:records AS bigint[]), CAST(:first_at AS timestamptz[]), CAST(:last_at AS timestamptz[]))"
    " AS changed (day, records, first_at, last_at)"
)
_SETTLED = sa.text(
    # A batch may have been cut otherwise when it was set aside or stored: what counts are its sequences.
    "SELECT wanted.place - 1 FROM unnest(CAST(:nodes AS text[]), CAST(:boots AS text[]), CAST(:threads AS smallint[]),"
    " CAST(:firsts AS bigint[]), CAST(:lasts AS bigint[])) WITH ORDINALITY AS wanted (node, boot, thread, first, last, place)"
    " LEFT JOIN usage_nodes AS nodes USING (node) LEFT JOIN usage_lanes AS lanes USING (node_id, boot, thread)"
    " CROSS JOIN LATERAL (SELECT range_agg(int8range(first_sequence, last_sequence, '[]')) AS spans FROM usage_set_aside AS kept"
    "  WHERE (kept.node, kept.boot, kept.thread) = (wanted.node, wanted.boot, wanted.thread)) AS aside"
    " WHERE coalesce(lanes.stored, '{}') + coalesce(aside.spans, '{}') @> int8range(wanted.first, wanted.last, '[]')"
)
_ADD_TO_LANE = sa.text(
    "INSERT INTO usage_lane_days AS held (lane_id, day, records, row_sum)"
    " SELECT :lane, * FROM unnest(CAST(:days AS date[]), CAST(:records AS bigint[]), CAST(:sums AS numeric[]))"
    " ON CONFLICT (lane_id, day) DO UPDATE SET records = held.records + excluded.records, row_sum = held.row_sum + excluded.row_sum"
)
_ADD_USE = sa.text(
    # Always in one order, so that two writers with the same keys wait for each other instead of for ever.
    "INSERT INTO usage_key_days AS held (key_id, day, requests, charged, refused, answer_bytes, last_used_at)"
    " SELECT * FROM unnest(CAST(:keys AS integer[]), CAST(:days AS date[]), CAST(:requests AS bigint[]), CAST(:charged AS bigint[]),"
    " CAST(:refused AS bigint[]), CAST(:answer_bytes AS bigint[]), CAST(:last_used_at AS timestamptz[])) ORDER BY 1, 2"
    " ON CONFLICT (key_id, day) DO UPDATE SET requests = held.requests + excluded.requests, charged = held.charged + excluded.charged,"
    " refused = held.refused + excluded.refused, answer_bytes = held.answer_bytes + excluded.answer_bytes,"
    " last_used_at = greatest(held.last_used_at, excluded.last_used_at)"
)


def partition_of(day: date) -> str:
    """Return the name of a day's partition of `usage_logs`."""
    return f"usage_logs_{day:%Y%m%d}"


async def ensure_partition(tx: AsyncConnection, day: date) -> None:
    """Make a day's partition where there is none."""
    await tx.execute(sa.text("SELECT ensure_usage_partition(:day)"), {"day": day})


async def lane_numbers(tx: AsyncConnection, node: str, boot: str, thread: int) -> LaneNumbers:
    """Return the numbers of a lane and its node, giving them some where they are new."""
    node_id = await _number(tx, usage_nodes.c.node_id, {"node": node})
    return LaneNumbers(await _number(tx, usage_lanes.c.lane_id, {"node_id": node_id, "boot": boot, "thread": thread}), node_id)


async def source_number(tx: AsyncConnection, venue: str, source: str) -> int:
    """Return the number of a venue's source tag, giving it one where it is new."""
    return await _number(tx, usage_sources.c.source_id, {"venue": venue, "source": source})


async def keep_words(tx: AsyncConnection, words: Sequence[tuple[str, list[str]]]) -> None:
    """Note what the small numbers of a row mean; a number's word never changes."""
    rows = [{"kind": kind, "number": number, "word": word} for kind, listed in words for number, word in enumerate(listed)]
    await tx.execute(insert(usage_words).on_conflict_do_nothing(), rows)


async def lock_lane(tx: AsyncConnection, lane: LaneNumbers, boot: str, thread: int) -> bool:
    """Let nobody else store records of a lane until `tx` ends; whether the lane of these numbers is this one."""
    lanes = usage_lanes.c
    named = sa.and_(lanes.lane_id == lane.lane_id, lanes.node_id == lane.node_id, lanes.boot == boot, lanes.thread == thread)
    return (await tx.execute(sa.select(lanes.lane_id).where(named).with_for_update())).scalar_one_or_none() is not None


async def stored_within(tx: AsyncConnection, lane_id: int, span: Span) -> list[Span]:
    """Return which parts of `span` are stored already."""
    rows = await tx.execute(_OVERLAP, {"lane": lane_id, "first": span.first, "last": span.last})
    return [Span(first, last) for first, last in rows]


async def note_stored(tx: AsyncConnection, lane_id: int, span: Span) -> None:
    """Note that all of `span` is stored: together with its rows, or not at all."""
    await tx.execute(_STORED, {"lane": lane_id, "first": span.first, "last": span.last})


async def note_changes(tx: AsyncConnection, lane: LaneNumbers, span: Span, stored: Sequence[Span], days: Sequence[StoredDay]) -> None:
    """Note for each of `days` that rows of `span`, but for what was `stored` before, are to be summed up."""
    if not days:
        return
    names, columns = ("days", "records", "first_at", "last_at"), zip(*days, strict=True)
    before = "{" + ",".join(f"[{one.first},{one.last}]" for one in stored) + "}"
    values = {name: list(column) for name, column in zip(names, columns, strict=True)}
    numbers = {"lane": lane.lane_id, "node": lane.node_id, "first": span.first, "last": span.last, "stored": before}
    await tx.execute(_NOTE_CHANGES, values | numbers)


async def settled(tx: AsyncConnection, names: Sequence[BatchName]) -> list[int]:
    """Return the places of those batches whose every sequence is stored or set aside."""
    nodes, boots, threads, spans = (list(column) for column in zip(*names, strict=True)) if names else ([], [], [], [])
    wanted = {"nodes": nodes, "boots": boots, "threads": threads}
    wanted |= {"firsts": [span.first for span in spans], "lasts": [span.last for span in spans]}
    return [place for (place,) in await tx.execute(_SETTLED, wanted)]


async def add_to_lane(tx: AsyncConnection, lane_id: int, days: Sequence[LaneDay]) -> None:
    """Add rows to what is stored of a lane by day. The lane must be locked."""
    if not days:
        return
    values = {"days": [one.day for one in days], "records": [one.records for one in days], "sums": [one.row_sum for one in days]}
    await tx.execute(_ADD_TO_LANE, {"lane": lane_id} | values)


async def copy_rows(tx: AsyncConnection, day: date, stream: bytes) -> None:
    """Copy one day's rows.

    Raises:
        RowsRefused: the day has no partition, or the database does not take them.
    """
    await copy_into(tx, partition_of(day), stream)


async def add_use(tx: AsyncConnection, used: Sequence[UsedDay]) -> None:
    """Add to the counts of keys by day, all in one statement."""
    if not used:
        return
    columns = zip(*used, strict=True)
    names = ("keys", "days", "requests", "charged", "refused", "answer_bytes", "last_used_at")
    await tx.execute(_ADD_USE, {name: list(column) for name, column in zip(names, columns, strict=True)})


async def set_aside(tx: AsyncConnection, batch: PackedBatch, *, reason: str, tries: int) -> None:
    """Keep a batch that is refused. Kept already, it is kept with the newest reason."""
    values = {
        "node": batch.node,
        "boot": batch.boot,
        "thread": batch.thread,
        "first_sequence": batch.span.first,
        "last_sequence": batch.span.last,
        "records": batch.records,
        "reason": reason,
        "tries": tries,
        "packed": batch.packed,
    }
    statement = insert(usage_set_aside).values(values)
    again = {name: statement.excluded[name] for name in ("reason", "tries")}
    await tx.execute(statement.on_conflict_do_update(constraint="usage_set_aside_batch_key", set_=again))


async def _number(tx: AsyncConnection, number: sa.Column[int], names: dict[str, object]) -> int:
    """Return the number of the row that has these names, making it where there is none.

    Looked for first: an insert that meets its like uses up a number all the same, and small ones would run out.
    """
    table = number.table
    assert isinstance(table, sa.Table), "the number is a table's column"
    known = sa.select(number).where(*[table.c[name] == value for name, value in names.items()])
    found = (await tx.execute(known)).scalar_one_or_none()
    if found is None:
        await tx.execute(insert(table).values(names).on_conflict_do_nothing())
        found = (await tx.execute(known)).scalar_one()
    return int(found)
