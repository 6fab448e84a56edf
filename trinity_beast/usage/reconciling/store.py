"""The statements of reconciling: one snapshot of the database, in which rows and what was noted of them belong together."""

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.usage.model import Span
from trinity_beast.usage.reconciling.model import Difference, InDatabase, KeyDay, Kind, LaneDayRows, LaneName, Sought, StoredLane

LISTED_MAX = 1_000
"""So many groups of sums, and so many doubled sequences, are listed at most: past it something is wrong with all of them."""
_SNAPSHOT = sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_LANES = sa.text(
    "SELECT lane_id, node, boot, thread, lower(span), upper(span) - 1 FROM usage_lanes JOIN usage_nodes USING (node_id)"
    " LEFT JOIN LATERAL unnest(stored) AS span ON true ORDER BY lane_id, lower(span)"
)
_NOTED = sa.text("SELECT lane_id, day, records, row_sum FROM usage_lane_days")
_ASIDE = sa.text(
    # A message is of no lane, and what was stored after all is among the stored.
    "SELECT node, boot, thread, first_sequence, last_sequence, records, reason FROM usage_set_aside"
    " WHERE kind = 'batch' AND outcome IS DISTINCT FROM 'stored' ORDER BY set_aside_id"
)
_DROPPED = sa.text("SELECT day FROM usage_days_dropped")
_DAYS = sa.text(
    "SELECT day FROM usage_lane_days UNION SELECT day FROM usage_key_days UNION SELECT day FROM usage_days"
    " UNION SELECT to_date(right(inhrelid::regclass::text, 8), 'YYYYMMDD') FROM pg_inherits"
    " WHERE inhparent = 'usage_logs'::regclass AND inhrelid::regclass::text ~ '_[0-9]{8}$' ORDER BY 1"
)
_KEY_DAYS = sa.text(
    "SELECT key_id, day, requests, charged, refused, answer_bytes, (extract(epoch FROM last_used_at) * 1000000)::bigint"
    " FROM usage_key_days WHERE day = ANY(:days)"
)
_ROWS = sa.text(
    "SELECT lane_id, key_id, count(*), sum(hash_record_extended(ROW(time, key_id, asset, source_id, node_id, status, asset_count, code,"
    " state, cache_tier, protocol, flags, latency_ns, answer_bytes, request_id, lane_id, sequence), 0)),"
    " count(*) FILTER (WHERE flags & 1 = 1), count(*) FILTER (WHERE status >= 400), sum(answer_bytes)::bigint,"
    " (extract(epoch FROM max(time)) * 1000000)::bigint"
    " FROM usage_logs WHERE time >= :begins AND time < :ends GROUP BY GROUPING SETS ((lane_id), (key_id))"
)
_SEQUENCES = sa.text(
    "SELECT lane_id, lower(span), upper(span) - 1 FROM ("
    " SELECT lane_id, unnest(range_agg(int8range(sequence, sequence, '[]'))) AS span FROM usage_logs"
    " WHERE lane_id = ANY(:lanes) AND time >= :begins AND time < :ends GROUP BY lane_id) AS spans ORDER BY 1, 2"
)
_DOUBLED = sa.text(
    "SELECT lane_id, sequence, (count(*) - 1)::bigint FROM usage_logs WHERE lane_id = ANY(:lanes) AND time >= :begins AND time < :ends"
    " GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 1, 2 LIMIT :listed_max"
)
_SUMS_OFF = sa.text(
    "WITH pending AS (SELECT lane_id, range_agg(spans) AS spans FROM usage_day_changes WHERE day = :day GROUP BY lane_id), rows AS ("
    " SELECT key_id, asset, source_id, node_id, status, code, state, cache_tier, protocol, count(*) AS requests,"
    " count(*) FILTER (WHERE flags & 1 = 1) AS charged, sum(asset_count) AS assets, sum(answer_bytes) AS answer_bytes,"
    " sum(latency_ns) AS latency_ns, min(latency_ns) AS latency_ns_min, max(latency_ns) AS latency_ns_max"
    " FROM usage_logs LEFT JOIN pending USING (lane_id)"
    " WHERE time >= :begins AND time < :ends AND NOT coalesce(sequence <@ spans, false)"
    " GROUP BY key_id, asset, source_id, node_id, status, code, state, cache_tier, protocol"
    "), held AS ("
    " SELECT *, (SELECT sum(packed & ((1::bigint << 40) - 1)) FROM unnest(latencies) AS packed) AS in_buckets"
    " FROM usage_days WHERE day = :day"
    ")"
    " SELECT key_id, asset, node, status, rows.requests, held.requests FROM rows"
    " FULL JOIN held USING (key_id, asset, source_id, node_id, status, code, state, cache_tier, protocol)"
    " LEFT JOIN usage_nodes USING (node_id)"
    " WHERE (rows.requests, rows.requests, rows.charged, rows.assets, rows.answer_bytes, rows.latency_ns, rows.latency_ns_min,"
    " rows.latency_ns_max) IS DISTINCT FROM (held.requests, held.in_buckets, held.charged, held.assets, held.answer_bytes,"
    " held.latency_ns, held.latency_ns_min, held.latency_ns_max)"
    " ORDER BY 1, 2, 3, 4 LIMIT :listed_max"
)
_PENDING = sa.text(
    "WITH pending AS (SELECT lane_id, range_agg(spans) AS spans FROM usage_day_changes WHERE day = :day GROUP BY lane_id)"
    " SELECT (SELECT sum(records)::bigint FROM usage_day_changes WHERE day = :day HAVING bool_and(records IS NOT NULL)),"
    " (SELECT count(*) FROM usage_logs JOIN pending USING (lane_id) WHERE time >= :begins AND time < :ends AND sequence <@ spans)"
)


async def snapshot(tx: AsyncConnection, sought: Sought) -> InDatabase:
    """Return what the database says at one moment. Call it first in its transaction."""
    await tx.execute(_SNAPSHOT)
    found = InDatabase()
    found.dropped = {day for (day,) in await tx.execute(_DROPPED)}
    days = [sought.day] if sought.day is not None else [day for (day,) in await tx.execute(_DAYS)]
    found.days = [day for day in days if day not in found.dropped]
    await _take_lanes(tx, found)
    for name in await tx.execute(_KEY_DAYS, {"days": found.days}):
        key_id, day, *used = name
        found.key_days[key_id, day] = KeyDay(*used)
    for day in found.days:
        await _take_rows(tx, found, day)
        await _take_sums(tx, found, day)
    await _take_sequences(tx, found)
    return found


async def _take_lanes(tx: AsyncConnection, found: InDatabase) -> None:
    lanes: dict[int, StoredLane] = {}
    for lane_id, node, boot, thread, first, last in await tx.execute(_LANES):
        lane = lanes.setdefault(lane_id, StoredLane(LaneName(node, boot, thread), lane_id, []))
        if first is not None:
            lane.spans.append(Span(first, last))
    for lane_id, day, records, row_sum in await tx.execute(_NOTED):
        if lane_id in lanes:
            lanes[lane_id].noted[day] = LaneDayRows(records, int(row_sum))
    for node, boot, thread, first, last, records, reason in await tx.execute(_ASIDE):
        found.set_aside.append((LaneName(node, boot, thread), Span(first, last), records, reason))
    found.lanes = list(lanes.values())


async def _take_rows(tx: AsyncConnection, found: InDatabase, day: date) -> None:
    lanes = {lane.lane_id: lane for lane in found.lanes}
    for lane_id, key_id, records, row_sum, *used in await tx.execute(_ROWS, _bounds(day)):
        if lane_id is None:
            found.row_key_days[key_id, day] = KeyDay(records, *used)
            continue
        found.rows += records
        lane = lanes.get(lane_id)
        if lane is None:  # Nobody has noted such a lane.
            lane = lanes[lane_id] = StoredLane(LaneName("", f"lane {lane_id}", 0), lane_id, [])
            found.lanes.append(lane)
        lane.rows[day] = LaneDayRows(records, int(row_sum))


async def _take_sums(tx: AsyncConnection, found: InDatabase, day: date) -> None:
    bounds = _bounds(day) | {"day": day}
    for key_id, asset, node, status, expected, held in await tx.execute(_SUMS_OFF, bounds | {"listed_max": LISTED_MAX}):
        what = f"{asset or 'no asset'}, status {status}"
        found.sums_off.append(
            Difference(Kind.SUMS, node=node or "", key_id=key_id, day=day, what=what, expected=expected or 0, found=held or 0)
        )
    noted, rows = (await tx.execute(_PENDING, bounds)).one()
    if noted is not None and noted != rows:
        found.sums_off.append(Difference(Kind.PENDING, day=day, what="rows to be summed up", expected=noted, found=rows))


async def _take_sequences(tx: AsyncConnection, found: InDatabase) -> None:
    """Take which sequences there are of the lanes whose rows are not as noted; of the others it is known."""
    if not found.days:
        return
    off = [lane.lane_id for lane in found.lanes if any(lane.noted.get(day) != lane.rows.get(day) for day in found.days)]
    if not off:
        return
    bounds = {"lanes": off, "begins": _bounds(min(found.days))["begins"], "ends": _bounds(max(found.days))["ends"]}
    for lane_id, first, last in await tx.execute(_SEQUENCES, bounds):
        found.row_spans.setdefault(lane_id, []).append(Span(first, last))
    for lane_id, sequence, times in await tx.execute(_DOUBLED, bounds | {"listed_max": LISTED_MAX}):
        found.doubled.setdefault(lane_id, []).append((Span(sequence, sequence), times))


def _bounds(day: date) -> dict[str, object]:
    begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return {"begins": begins, "ends": begins + timedelta(days=1)}
