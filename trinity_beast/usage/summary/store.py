"""The one statement that sums answers up: whole days from their sums, what is not in those yet and the edges from the rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.usage.summary.latencies import Latencies
from trinity_beast.usage.summary.model import Chosen, Grouped, Sums

REFUSED_FROM = 400
PENDING_STRETCHES_MAX = 8
"""Days with rows that are not summed up yet; more than so many are read as one stretch of time."""
_DIMENSIONS = "key_id, asset, source_id, node_id, status, code, state, cache_tier, protocol"
_OF_DAYS = (
    "SELECT day, {dimensions}, requests, charged, assets, answer_bytes, latency_ns, latency_ns_min, latency_ns_max, latencies"
    " FROM usage_days WHERE day >= :first_day AND day < :last_day {filters}"
)
_OF_ROWS = (
    "SELECT (time AT TIME ZONE 'UTC')::date AS day, {dimensions}, 1, (flags & 1)::bigint, asset_count, answer_bytes, latency_ns,"
    " latency_ns, latency_ns, ARRAY[(usage_latency_bucket(latency_ns) << 40) + 1] FROM usage_logs AS logged"
)
_EDGE = _OF_ROWS + " WHERE time >= :{from} AND time < :{to} {filters}"
_PENDING = (
    _OF_ROWS + " JOIN pending ON logged.lane_id = pending.lane_id AND logged.sequence <@ pending.spans"
    " AND (logged.time AT TIME ZONE 'UTC')::date = pending.day WHERE time BETWEEN :{from} AND :{to} {filters}"
)
_NOTHING = _OF_DAYS + " AND false"
_WHOLE = (
    "WITH pending AS (SELECT day, lane_id, range_agg(spans) AS spans FROM usage_day_changes"
    " WHERE day >= :first_day AND day < :last_day GROUP BY day, lane_id),"
    " pieces (day, {dimensions}, requests, charged, assets, answer_bytes, latency_ns, latency_ns_min, latency_ns_max, latencies)"
    " AS ({pieces}),"
    # A piece's own sums stand beside the first of its buckets and nowhere else, so that one pass adds up everything.
    " spread AS (SELECT pieces.*, packed >> 40 AS bucket, packed & ((1::bigint << 40) - 1) AS answers, place = 1 AS is_first"
    " FROM pieces, unnest(latencies) WITH ORDINALITY AS counted (packed, place)),"
    " grouped AS (SELECT GROUPING({columns}) AS mask, {columns}, bucket, sum(answers)::bigint AS answers,"
    " coalesce(sum(charged) FILTER (WHERE is_first), 0) AS charged, coalesce(sum(assets) FILTER (WHERE is_first), 0) AS assets,"
    " coalesce(sum(answers) FILTER (WHERE status >= :refused_from), 0) AS refused,"
    " coalesce(sum(answer_bytes) FILTER (WHERE is_first), 0) AS answer_bytes,"
    " coalesce(sum(latency_ns) FILTER (WHERE is_first), 0) AS latency_ns,"
    " min(latency_ns_min) AS latency_ns_min, max(latency_ns_max) AS latency_ns_max"
    " FROM spread GROUP BY GROUPING SETS ({sets}))"
    " SELECT mask, {columns}, sum(answers)::bigint, sum(charged)::bigint, sum(refused)::bigint, sum(assets)::bigint,"
    " sum(answer_bytes)::bigint, sum(latency_ns)::bigint, min(latency_ns_min), max(latency_ns_max),"
    " array_agg(bucket ORDER BY bucket), array_agg(answers ORDER BY bucket) FROM grouped GROUP BY mask, {columns}"
)
_STRETCHES = sa.text(
    "SELECT day, min(first_at), max(last_at) FROM usage_day_changes WHERE day >= :first_day AND day < :last_day GROUP BY day ORDER BY day"
)


async def sums(tx: AsyncConnection, chosen: Chosen, by: Sequence[Grouped] = ()) -> list[Sums]:
    """Return what the chosen answers come to: all together first, then by each of `by`. Without an answer there is no group.

    `tx` must see one moment (REPEATABLE READ): what is summed up between two of its statements would be missed or counted
    twice. Of a day whose rows were dropped only the whole is known, so an edge within it comes to nothing.
    """
    assert await _sees_one_moment(tx), "a summary is of one moment"
    first_day, last_day = chosen.whole_days
    days = {"first_day": first_day, "last_day": last_day}
    stretches = [(first_at, last_at) for _, first_at, last_at in await tx.execute(_STRETCHES, days)]
    statement, values = _statement(chosen, by, _joined(stretches))
    found = [_sums(row, by) for row in await tx.execute(statement, values | days)]
    order = {None: -1} | {grouped: place for place, grouped in enumerate(by)}
    return sorted(found, key=lambda each: (order[each.by], -each.requests, str(each.value)))


async def _sees_one_moment(tx: AsyncConnection) -> bool:
    level = (await tx.execute(sa.text("SELECT current_setting('transaction_isolation')"))).scalar_one()
    return level in {"repeatable read", "serializable"}


def _joined(stretches: list[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    if len(stretches) <= PENDING_STRETCHES_MAX:
        return stretches
    return [(min(first for first, _ in stretches), max(last for _, last in stretches))]


def _statement(chosen: Chosen, by: Sequence[Grouped], stretches: list[tuple[datetime, datetime]]) -> tuple[sa.TextClause, dict[str, Any]]:
    filters, values = _filters(chosen)
    pieces = []
    if chosen.whole_days[0] < chosen.whole_days[1]:
        pieces.append(_OF_DAYS)
    for place, (piece, (first, last)) in enumerate([(_EDGE, edge) for edge in chosen.edges] + [(_PENDING, each) for each in stretches]):
        pieces.append(piece.replace("{from}", f"from{place}").replace("{to}", f"to{place}"))
        values |= {f"from{place}": first, f"to{place}": last}
    columns = [grouped.value for grouped in by] or [Grouped.KEY.value]  # GROUPING wants a column even where none is told apart.
    sets = ["(bucket)", *[f"({grouped.value}, bucket)" for grouped in by]]
    parts = {
        "pieces": " UNION ALL ".join(pieces) or _NOTHING,
        "columns": ", ".join(columns),
        "sets": ", ".join(sets),
        "dimensions": _DIMENSIONS,
        "filters": filters,
    }
    statement = _WHOLE if by else _WHOLE.replace("GROUPING({columns}) AS mask, {columns}", "0 AS mask, NULL AS {columns}")
    for name, part in parts.items():
        statement = statement.replace("{" + name + "}", part)
    return sa.text(statement), values | {"refused_from": REFUSED_FROM}


def _filters(chosen: Chosen) -> tuple[str, dict[str, Any]]:
    """Return the conditions that rows and sums alike are held to."""
    texts, values = [], dict[str, Any]()
    lists = {"key_id": chosen.key_ids, "asset": chosen.assets, "source_id": chosen.source_ids, "protocol": chosen.protocols}
    for column, wanted in lists.items():
        if wanted is not None and (wanted or column == "key_id"):
            texts.append(f"AND {column} = ANY(:{column})")
            values[column] = list(wanted)
    spans = [f"status BETWEEN :least{place} AND :most{place}" for place in range(len(chosen.statuses))]
    for place, span in enumerate(chosen.statuses):
        values |= {f"least{place}": span.first, f"most{place}": span.last}
    if spans:
        texts.append(f"AND ({' OR '.join(spans)})")
    return " ".join(texts), values


def _sums(row: sa.Row[Any], by: Sequence[Grouped]) -> Sums:
    mask, columns, rest = row[0], row[1 : 1 + max(1, len(by))], row[1 + max(1, len(by)) :]
    requests, charged, refused, assets, answer_bytes, latency_ns, least_ns, most_ns, buckets, answers = rest
    grouped, value = None, None
    for place, each in enumerate(by):
        if not mask >> (len(by) - 1 - place) & 1:
            grouped, value = each, columns[place]
    latencies = Latencies(dict(zip(buckets, answers, strict=True)), least_ns, most_ns)
    return Sums(grouped, value, requests, charged, refused, assets, answer_bytes, latency_ns, latencies)
