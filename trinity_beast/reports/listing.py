"""The rows of a listing: all in one go, or page by page from where the page before ended, without any that came meanwhile."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from trinity_beast.reports.cursor import Cursor
from trinity_beast.reports.errors import CursorExpired
from trinity_beast.reports.model import Row
from trinity_beast.reports.shaping import usage_rows
from trinity_beast.usage import Look, Place, Seen, Sought, Span, UsageRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


class Page(NamedTuple):
    """A page's rows, and what the next one goes on with: None where there is none."""

    rows: list[Row]
    following: Cursor | None


async def usage_page(look: Look, sought: Sought, most: int, cursor: Cursor | None, *, newest_first: bool) -> Page:
    """Return a page of what is sought.

    Raises:
        CursorExpired: it can no longer be told what was stored when the report began.
    """
    seen = None if cursor is None else _seen(cursor)
    if seen is not None and not await look.still_tells(seen):
        raise CursorExpired
    after = None if cursor is None else _place(cursor.after)
    rows = await _taken(look, sought, most + 1, seen, after, newest_first=newest_first)
    if len(rows) <= most:
        return Page(usage_rows(rows), None)
    last = rows[most - 1].place
    at = (last.time - EPOCH) // MICROSECOND, last.lane_id, last.sequence
    if cursor is None:
        following = Cursor(look.taken_at, sought.since, sought.until, at, _told(await look.seen()))
    else:
        following = Cursor(cursor.begun_at, cursor.since, cursor.until, at, cursor.seen)
    return Page(usage_rows(rows[:most]), following)


async def every_row(look: Look, sought: Sought, *, newest_first: bool) -> AsyncGenerator[list[Row], None]:
    """Go through all that is sought, some rows at a time."""
    async with aclosing(look.rows(sought, newest_first=newest_first)) as parts:
        async for part in parts:
            yield usage_rows(part)


async def _taken(look: Look, sought: Sought, most: int, seen: Seen | None, after: Place | None, *, newest_first: bool) -> list[UsageRow]:
    taken: list[UsageRow] = []
    async with aclosing(look.rows(sought, newest_first=newest_first, after=after, at_once=min(most, 500))) as parts:
        async for part in parts:
            taken += part if seen is None else [row for row in part if seen.includes(row.lane, row.sequence)]
            if len(taken) >= most:
                break
    return taken[:most]


def _place(after: tuple[int, ...]) -> Place:
    microseconds, lane_id, sequence = after
    return Place(EPOCH + microseconds * MICROSECOND, lane_id, sequence)


def _told(seen: Seen) -> tuple[int, tuple[tuple[int, tuple[tuple[int, int], ...]], ...], int]:
    lanes = tuple((lane, tuple((span.first, span.last) for span in spans)) for lane, spans in sorted(seen.active.items()))
    return seen.lanes_max, lanes, seen.quiet_records


def _seen(cursor: Cursor) -> Seen:
    lanes_max, lanes, quiet_records = cursor.seen
    return Seen(lanes_max, {lane: tuple(Span(first, last) for first, last in spans) for lane, spans in lanes}, quiet_records)
