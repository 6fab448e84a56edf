"""The statements that sum usage up. Rows are only ever added, so sums are: each change once, with the rows it names."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.usage.days.model import DayDifference, Pending
from trinity_beast.usage.store import partition_of

_DIMENSIONS = "key_id, asset, source_id, node_id, status, code, state, cache_tier, protocol"
_OLDEST = sa.text("SELECT day FROM usage_day_changes WHERE day <> ALL(CAST(:but AS date[])) ORDER BY change_id LIMIT 1")
_TAKE = sa.text(
    "WITH free AS ("
    "  SELECT change_id, node_id, records, first_at, last_at FROM usage_day_changes WHERE day = :day"
    "  ORDER BY change_id LIMIT :changes_max FOR UPDATE SKIP LOCKED"
    "), counted AS (SELECT *, sum(coalesce(records, :records_max)) OVER (ORDER BY change_id) AS so_far FROM free)"
    " SELECT array_agg(change_id), array_agg(DISTINCT node_id), CASE WHEN bool_and(records IS NOT NULL) THEN sum(records) END,"
    " min(first_at), max(last_at) FROM counted"
    " WHERE so_far <= :records_max OR change_id = (SELECT min(change_id) FROM counted)"
)
_SUMMED = (
    "counted AS ("
    " SELECT {dimensions}, usage_latency_bucket(latency_ns) AS bucket, count(*) AS requests,"
    " count(*) FILTER (WHERE flags & 1 = 1) AS charged,"
    " sum(asset_count) AS assets, sum(answer_bytes)::bigint AS answer_bytes, sum(latency_ns) AS latency_ns,"
    " min(latency_ns) AS latency_ns_min, max(latency_ns) AS latency_ns_max"
    " FROM {partition} AS logged {chosen} GROUP BY {dimensions}, bucket"
    "), added AS ("
    " INSERT INTO usage_days AS held (day, {dimensions}, requests, charged, assets, answer_bytes, latency_ns, latency_ns_min,"
    " latency_ns_max, latencies)"
    # Always in one order, so that two at work on one day wait for each other instead of for ever.
    " SELECT CAST(:day AS date), {dimensions}, sum(requests), sum(charged), sum(assets), sum(answer_bytes), sum(latency_ns),"
    " min(latency_ns_min), max(latency_ns_max), array_agg((bucket << 40) + requests ORDER BY bucket)"
    " FROM counted GROUP BY {dimensions} ORDER BY {dimensions}"
    " ON CONFLICT (key_id, day, asset, source_id, node_id, status, code, state, cache_tier, protocol) DO UPDATE SET"
    " requests = held.requests + excluded.requests, charged = held.charged + excluded.charged, assets = held.assets + excluded.assets,"
    " answer_bytes = held.answer_bytes + excluded.answer_bytes, latency_ns = held.latency_ns + excluded.latency_ns,"
    " latency_ns_min = least(held.latency_ns_min, excluded.latency_ns_min),"
    " latency_ns_max = greatest(held.latency_ns_max, excluded.latency_ns_max),"
    " latencies = usage_latencies_sum(held.latencies, excluded.latencies)"
    ") SELECT coalesce(sum(requests), 0) FROM counted"
)
_TAKEN = (
    "WITH taken AS (DELETE FROM usage_day_changes WHERE change_id = ANY(:changes) RETURNING lane_id, spans),"
    " lanes AS (SELECT lane_id, range_agg(spans) AS spans FROM taken GROUP BY lane_id), "
)
_OF_TAKEN = (
    "JOIN lanes ON logged.lane_id = lanes.lane_id AND logged.sequence <@ lanes.spans"
    " WHERE time BETWEEN :first_at AND :last_at AND node_id = ANY(:nodes)"
)
_ALL_TAKEN = "WITH taken AS (DELETE FROM usage_day_changes WHERE day = :day), "
_DIFFERENCES = sa.text(
    "SELECT day, coalesce(counted, 0), coalesce(summed, 0), coalesce(pending, 0) FROM"
    " (SELECT day, sum(requests)::bigint AS counted FROM usage_key_days WHERE day >= :since GROUP BY day) AS counted"
    " FULL JOIN (SELECT day, sum(requests)::bigint AS summed FROM usage_days WHERE day >= :since GROUP BY day) AS summed USING (day)"
    " FULL JOIN (SELECT day, sum(records)::bigint AS pending, bool_and(records IS NOT NULL) AS is_known FROM usage_day_changes"
    "  WHERE day >= :since GROUP BY day) AS pending USING (day)"
    " WHERE coalesce(is_known, true) AND coalesce(counted, 0) <> coalesce(summed, 0) + coalesce(pending, 0) ORDER BY day"
)
_COMPLETE = sa.text(
    # The statement's time is before its snapshot: what was committed by then is seen, and were it not summed up, noted.
    "UPDATE usage_rolled SET complete_until = statement_timestamp() WHERE NOT EXISTS (SELECT FROM usage_day_changes)"
    " RETURNING complete_until"
)
_DAY_LOCK = 2679_9090
"""The advisory locks of days are (this, day number): shared by who adds to a day, alone for who sums it up anew."""


async def hold_day(tx: AsyncConnection, day: date, *, alone: bool = False) -> None:
    """Until `tx` ends, let nobody sum the day up anew; `alone`: nobody add to it either."""
    lock = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
    await tx.execute(sa.text(f"SELECT {lock}(:lock, :day)"), {"lock": _DAY_LOCK, "day": day.toordinal()})


async def oldest_day(tx: AsyncConnection, *, but: list[date]) -> date | None:
    """Return the day, none of `but`, of the oldest change that is not summed up."""
    return (await tx.execute(_OLDEST, {"but": but})).scalar_one_or_none()


async def take(tx: AsyncConnection, day: date, *, records_max: int, changes_max: int) -> Pending | None:
    """Take the oldest changes of a day until `tx` ends; None where others have taken all. Hold the day first."""
    bounds = {"day": day, "records_max": records_max, "changes_max": changes_max}
    change_ids, node_ids, records, first_at, last_at = (await tx.execute(_TAKE, bounds)).one()
    if change_ids is None:
        return None
    return Pending(day, change_ids, node_ids, None if records is None else int(records), first_at, last_at)


async def add_to_day(tx: AsyncConnection, pending: Pending) -> int:
    """Add the rows of these changes to their day and drop the changes; return how many rows there were."""
    statement = _summing_up(pending.day, taken=_TAKEN, chosen=_OF_TAKEN)
    values = {
        "day": pending.day,
        "changes": pending.change_ids,
        "nodes": pending.node_ids,
        "first_at": pending.first_at,
        "last_at": pending.last_at,
    }
    return int((await tx.execute(statement, values)).scalar_one())


async def sum_up_anew(tx: AsyncConnection, day: date) -> int:
    """Replace a day's sums by those of its rows; return how many rows there are. The day must be held alone."""
    await tx.execute(sa.text("DELETE FROM usage_days WHERE day = :day"), {"day": day})
    return int((await tx.execute(_summing_up(day, taken=_ALL_TAKEN, chosen=""), {"day": day})).scalar_one())


async def has_every_row(tx: AsyncConnection, day: date) -> bool:
    """Whether the day's rows are there, and none of them has ever been dropped."""
    found = await tx.execute(
        sa.text("SELECT to_regclass(:partition) IS NOT NULL AND NOT EXISTS (SELECT FROM usage_days_dropped WHERE day = :day)"),
        {"partition": partition_of(day), "day": day},
    )
    return bool(found.scalar_one())


async def has_rows(tx: AsyncConnection, day: date) -> bool:
    """Whether the day has a partition."""
    return bool((await tx.execute(sa.text("SELECT to_regclass(:of) IS NOT NULL"), {"of": partition_of(day)})).scalar_one())


async def differences(tx: AsyncConnection, since: date) -> list[DayDifference]:
    """Return the days from `since` on whose sums, with what is pending, are not what the counts of keys say."""
    return [DayDifference(*row) for row in await tx.execute(_DIFFERENCES, {"since": since})]


async def note_complete(tx: AsyncConnection) -> datetime | None:
    """Note that all that is stored by now is summed up, if it is so; return until when it was the last time."""
    noted = (await tx.execute(_COMPLETE)).scalar_one_or_none()
    return noted or await complete_until(tx)


async def complete_until(tx: AsyncConnection) -> datetime | None:
    """Return until when all that is stored was summed up the last time; None: never."""
    return (await tx.execute(sa.text("SELECT complete_until FROM usage_rolled"))).scalar_one_or_none()


async def drop_sums(tx: AsyncConnection, before: date) -> int:
    """Drop the sums of days before `before`; return how many there were."""
    return (await tx.execute(sa.text("DELETE FROM usage_days WHERE day < :before"), {"before": before})).rowcount


def _summing_up(day: date, *, taken: str, chosen: str) -> sa.TextClause:
    """Return the statement that takes changes and adds the chosen rows of their day."""
    parts = {"dimensions": _DIMENSIONS, "partition": partition_of(day), "chosen": chosen}
    statement = taken + _SUMMED
    for name, part in parts.items():
        statement = statement.replace("{" + name + "}", part)
    return sa.text(statement)
