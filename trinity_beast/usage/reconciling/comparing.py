"""What differs between the spool, the rows and what was noted of them. Pure.

Every sequence a lane has used must be stored, on the spool or set aside; every stored one must have its one row, as it was; every
count must be what the rows say.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from trinity_beast.usage.model import Span
from trinity_beast.usage.reconciling.model import (
    Difference,
    EngineCount,
    InDatabase,
    KeyDay,
    Kind,
    LaneDayRows,
    LaneName,
    OnSpool,
    Sought,
    StoredLane,
)
from trinity_beast.usage.reconciling.spans import count_of, joined, without

NO_ROWS = LaneDayRows(0, 0)
NO_USE = KeyDay(0, 0, 0, 0, 0)


def differences(spool: OnSpool, database: InDatabase, sought: Sought) -> list[Difference]:
    """Return all that differs, lanes first. A gap may be nothing but a batch on its way: it counts where it is seen twice."""
    lanes = [lane for lane in database.lanes if not sought.node or lane.name.node == sought.node]
    found = [*gaps(spool, database, sought), *_of_files(spool), *_set_aside(database, sought)]
    for lane in lanes:
        found += _of_notes(lane) if sought.day is None else []
        found += _of_rows(lane, database)
    if not sought.node:
        found += _of_keys(database)
    return found + [each for each in database.sums_off if not sought.node or each.node in {"", sought.node}]


def gaps(spool: OnSpool, database: InDatabase, sought: Sought) -> Iterator[Difference]:
    """Yield the sequences that were used and are nowhere. A lane's first is 1; used is whatever is below one that is known."""
    known: dict[LaneName, list[Span]] = defaultdict(list)
    for name, spans in spool.spans.items():
        known[name] += spans
    for lane in database.lanes:
        known[lane.name] += lane.spans
    for name, span, _, _ in database.set_aside:
        known[name].append(span)
    of_day = {lane.name for lane in database.lanes if sought.day in lane.noted}
    for name, spans in sorted(known.items()):
        if (sought.node and name.node != sought.node) or (sought.day is not None and name not in of_day):
            continue
        used = Span(1, max((span.last for span in spans), default=0))
        missing = without([used] if used.last else [], spans)
        if missing:
            unread = "" if name.node in spool.nodes else "its spool was not read"
            yield _of_lane(name, Kind.SEQUENCE_GAP, spans=missing, what=unread, expected=used.last, found=used.last - count_of(missing))


def engine_differs(before: EngineCount, spool: OnSpool, database: InDatabase, after: EngineCount) -> Difference | None:
    """Return how an engine's counters differ from its lanes, or None.

    Lanes were looked at between the two readings. A record is written before it is counted: each thread may be one ahead.
    """
    ends: dict[LaneName, int] = defaultdict(int)
    for name, spans in spool.spans.items():
        ends[name] = max(ends[name], *(span.last for span in spans))
    for lane in database.lanes:
        ends[lane.name] = max([ends[lane.name], *(span.last for span in lane.spans)])
    for name, span, _, _ in database.set_aside:
        ends[name] = max(ends[name], span.last)
    used = sum(last for name, last in ends.items() if (name.node, name.boot) == (before.node, before.boot))
    # Lost ones at a lane's very end have no record after them that would show their sequences.
    least, most = before.recorded, after.recorded + after.lost + after.threads
    if least <= used <= most:
        return None
    return Difference(Kind.COUNTER, node=before.node, boot=before.boot, what="sequences", expected=after.recorded + after.lost, found=used)


def _of_files(spool: OnSpool) -> Iterator[Difference]:
    for path, reason in spool.unreadable:
        yield Difference(Kind.UNREADABLE, what=f"{path}: {reason}")


def _set_aside(database: InDatabase, sought: Sought) -> Iterator[Difference]:
    for name, span, records, reason in database.set_aside:
        if not sought.node or name.node == sought.node:
            yield _of_lane(name, Kind.SET_ASIDE, spans=[span], what=reason, expected=records, found=0)


def _of_notes(lane: StoredLane) -> Iterator[Difference]:
    stored, noted = count_of(joined(lane.spans)), sum(day.records for day in lane.noted.values())
    if stored != noted:
        yield _of_lane(lane.name, Kind.NOTE, what="records noted by day, of the sequences that are stored", expected=stored, found=noted)


def _of_rows(lane: StoredLane, database: InDatabase) -> Iterator[Difference]:
    off = {
        day: (noted, rows)
        for day in sorted({*lane.noted, *lane.rows})
        if day in database.days and (noted := lane.noted.get(day, NO_ROWS)) != (rows := lane.rows.get(day, NO_ROWS))
    }
    if not off:
        return
    yield from _of_sequences(lane, database)
    for day, (noted, rows) in off.items():
        if noted.records == rows.records:
            yield _of_lane(lane.name, Kind.ROW_ALTERED, day=day, what="rows that are not as they were stored", expected=noted.records)
        else:
            kind = Kind.ROW_MISSING if rows.records < noted.records else Kind.ROW_DOUBLED
            yield _of_lane(lane.name, kind, day=day, what="rows of the day", expected=noted.records, found=rows.records)


def _of_sequences(lane: StoredLane, database: InDatabase) -> Iterator[Difference]:
    """Yield which sequences are concerned. Rows that retention dropped are not missed."""
    there = database.row_spans.get(lane.lane_id, [])
    expected = lane.spans
    if any(day not in database.days for day in lane.noted):
        expected = [Span(max(span.first, there[0].first), span.last) for span in lane.spans if there and span.last >= there[0].first]
    if missing := without(expected, there):
        yield _of_lane(lane.name, Kind.ROW_MISSING, spans=missing, expected=count_of(missing), found=0)
    if unnoted := without(there, lane.spans):
        yield _of_lane(lane.name, Kind.ROW_UNNOTED, spans=unnoted, expected=0, found=count_of(unnoted))
    doubled = database.doubled.get(lane.lane_id, [])
    if doubled:
        spans = joined(span for span, _ in doubled)
        too_many = sum(times for _, times in doubled)
        yield _of_lane(lane.name, Kind.ROW_DOUBLED, spans=spans, expected=count_of(spans), found=count_of(spans) + too_many)


def _of_keys(database: InDatabase) -> Iterator[Difference]:
    for key_id, day in sorted({*database.key_days, *database.row_key_days}):
        if day not in database.days:
            continue
        counted = database.key_days.get((key_id, day), NO_USE)
        rows = database.row_key_days.get((key_id, day), NO_USE)
        for what, expected, found in zip(KeyDay._fields, rows, counted, strict=True):
            if expected != found:
                yield Difference(Kind.KEY_COUNTER, key_id=key_id, day=day, what=what, expected=expected, found=found)


def _of_lane(
    name: LaneName,
    kind: Kind,
    *,
    spans: Iterable[Span] = (),
    day: date | None = None,
    what: str = "",
    expected: int | None = None,
    found: int | None = None,
) -> Difference:
    return Difference(
        kind, name.node, name.boot, name.thread, day=day, spans=tuple(spans), what=what, expected=expected, found=found
    )  # fmt: skip


def lasting(first: Iterable[Difference], second: Iterable[Difference]) -> list[Difference]:
    """Return what differs at the second look; of the gaps, what was one at the first look too."""
    before: Mapping[tuple[str, str, int | None], Difference] = {
        (each.node, each.boot, each.thread): each for each in first if each.kind is Kind.SEQUENCE_GAP
    }
    found = []
    for each in second:
        if each.kind is not Kind.SEQUENCE_GAP:
            found.append(each)
            continue
        earlier = before.get((each.node, each.boot, each.thread))
        spans = () if earlier is None else _common(each.spans, earlier.spans)
        if spans:
            assert each.expected is not None, "a gap says how many sequences were used"
            lasted = each.expected - count_of(spans)
            found.append(
                Difference(each.kind, each.node, each.boot, each.thread, spans=spans, what=each.what, expected=each.expected, found=lasted)
            )
    return found


def _common(one: Iterable[Span], other: Iterable[Span]) -> tuple[Span, ...]:
    one = joined(one)
    return tuple(without(one, without(one, other)))
