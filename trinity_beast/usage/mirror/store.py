"""What the mirror asks of the database."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.usage.mirror.marks import Missing
from trinity_beast.usage.mirror.packing import PACKED_BY_DATABASE, Row
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
# Fields come as words of Valkey's protocol, each its length in bytes and itself: the database packs them faster than we do.
_PACKED = {
    "key_id": "key_id::text", "asset": "asset", "asset_count": "asset_count::text", "venue": "venue", "source": "source",
    "cache_tier": "coalesce(tier.word, '?')", "state": "coalesce(state.word, '?')", "status": "status::text",
    "code": "coalesce(code.word, '?')", "protocol": "coalesce(protocol.word, '?')", "charged": "(flags & 1)::text",
    "latency_ns": "latency_ns::text", "answer_bytes": "answer_bytes::text", "node": "node", "lane": "lane_id::text",
    "sequence": "sequence::text",
}  # fmt: skip
_WORD = "'$', octet_length({told}), E'\\r\\n', {told}, E'\\r\\n'"
_ROWS = (
    "SELECT (extract(epoch FROM time) * 1000000)::bigint, lane_id, sequence, key_id, asset, request_id,"
    " to_char(time AT TIME ZONE 'UTC', :time_format), concat({words})"
    " FROM {partition} AS logged JOIN (SELECT unnest(CAST(:lanes AS integer[])) AS lane_id,"
    "  unnest(CAST(:spans AS int8multirange[])) AS spans) AS wanted USING (lane_id)"
    " JOIN usage_sources USING (source_id) JOIN usage_nodes USING (node_id)"
    " LEFT JOIN usage_words AS tier ON tier.kind = 'cache_tier' AND tier.number = cache_tier"
    " LEFT JOIN usage_words AS state ON state.kind = 'state' AND state.number = logged.state"
    " LEFT JOIN usage_words AS code ON code.kind = 'code' AND code.number = logged.code"
    " LEFT JOIN usage_words AS protocol ON protocol.kind = 'protocol' AND protocol.number = logged.protocol"
    " WHERE sequence <@ spans AND time >= :since AND node_id = ANY(:nodes)"
)
_TIME_FORMAT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'
ROWS_AT_ONCE = 1_000


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


async def rows(
    tx: AsyncConnection, day: date, missing: Mapping[LaneNumbers, Sequence[Missing]], since_us: int
) -> AsyncIterator[Sequence[Row]]:
    """Go through the missing rows of a day, some at a time."""
    spans = ["{" + ",".join(f"[{each.span.first},{each.span.last}]" for each in of_lane) + "}" for of_lane in missing.values()]
    values = {
        "lanes": [lane.lane_id for lane in missing],
        "spans": spans,
        "nodes": sorted({lane.node_id for lane in missing}),
        "since": datetime.fromtimestamp(0, UTC) + timedelta(microseconds=since_us),
        "time_format": _TIME_FORMAT,
    }
    words = ", ".join(_WORD.replace("{told}", _PACKED[name]) for name in PACKED_BY_DATABASE)
    statement = sa.text(_ROWS.replace("{words}", words).replace("{partition}", partition_of(day)))
    async with tx.stream(statement, values, execution_options={"yield_per": ROWS_AT_ONCE}) as found:
        async for part in found.partitions():
            yield [Row(*row) for row in part]
