"""What the mirror asks of the database."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.storage import copy_out
from trinity_beast.usage.mirror.marks import Missing
from trinity_beast.usage.model import LaneNumbers, Span
from trinity_beast.usage.store import partition_of

Moment = AsyncConnection
"""A transaction that sees one moment."""
_LANES = sa.text(
    "SELECT lane_id, node_id, ARRAY(SELECT lower(span) FROM unnest(stored) AS span ORDER BY 1),"
    " ARRAY(SELECT upper(span) - 1 FROM unnest(stored) AS span ORDER BY 1) FROM usage_lanes ORDER BY lane_id"
)
_DAYS = sa.text(
    "SELECT to_date(right(relname, 8), 'YYYYMMDD') FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
    " WHERE inhparent = 'usage_logs'::regclass ORDER BY 1"
)
# A time is told in µs for the index, and as text for whoever reads the hash.
_ROWS = (
    "SELECT (extract(epoch FROM time) * 1000000)::bigint, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),"
    " request_id, key_id, asset, asset_count, venue, source, coalesce(tier.word, '?'), coalesce(state.word, '?'), status,"
    " coalesce(code.word, '?'), coalesce(protocol.word, '?'), flags & 1,"
    " latency_ns, answer_bytes, node, lane_id, sequence"
    " FROM {partition} AS logged JOIN (SELECT unnest(%(lanes)s::integer[]) AS lane_id, unnest(%(spans)s::int8multirange[]) AS spans)"
    " AS wanted USING (lane_id) JOIN usage_sources USING (source_id) JOIN usage_nodes USING (node_id)"
    " LEFT JOIN usage_words AS tier ON tier.kind = 'cache_tier' AND tier.number = cache_tier"
    " LEFT JOIN usage_words AS state ON state.kind = 'state' AND state.number = logged.state"
    " LEFT JOIN usage_words AS code ON code.kind = 'code' AND code.number = logged.code"
    " LEFT JOIN usage_words AS protocol ON protocol.kind = 'protocol' AND protocol.number = logged.protocol"
    " WHERE sequence <@ spans AND time >= %(since)s AND node_id = ANY(%(nodes)s)"
)


async def see_one_moment(tx: AsyncConnection) -> None:
    """Have everything that is asked in `tx` from here on be of this one moment."""
    await tx.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))


async def lanes(tx: AsyncConnection) -> dict[LaneNumbers, list[Span]]:
    """Return which sequences of each lane are stored."""
    return {
        LaneNumbers(lane_id, node_id): [Span(first, last) for first, last in zip(firsts, lasts, strict=True)]
        for lane_id, node_id, firsts, lasts in await tx.execute(_LANES)
    }


async def days(tx: AsyncConnection) -> list[date]:
    """Return the days there are, the oldest first."""
    return [day for (day,) in await tx.execute(_DAYS)]


async def rows(tx: AsyncConnection, day: date, missing: Mapping[LaneNumbers, Sequence[Missing]], since_us: int) -> AsyncIterator[bytes]:
    """Go through the missing rows of a day, some whole lines of COPY at a time."""
    spans = ["{" + ",".join(f"[{each.span.first},{each.span.last}]" for each in of_lane) + "}" for of_lane in missing.values()]
    values = {
        "lanes": [lane.lane_id for lane in missing],
        "spans": spans,
        "nodes": sorted({lane.node_id for lane in missing}),
        "since": datetime.fromtimestamp(0, UTC) + timedelta(microseconds=since_us),
    }
    async for chunk in copy_out(tx, _ROWS.replace("{partition}", partition_of(day)), values):
        yield chunk
