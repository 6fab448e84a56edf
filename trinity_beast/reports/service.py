"""What can be asked for: a report, opened by whoever may, told some rows at a time, counted and noted once."""

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Protocol

from trinity_beast.access import KeyUnknown
from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.reports import moments
from trinity_beast.reports.asked import Asked
from trinity_beast.reports.cursor import Cursor, heard, question_of, said
from trinity_beast.reports.listing import Page, every_row, usage_page
from trinity_beast.reports.model import Asker, Ended, Head, Kind, Opening, Row
from trinity_beast.reports.shaping import day_rows, totals_rows
from trinity_beast.reports.tallies import ReportTallies
from trinity_beast.reports.turnstile import Turnstile
from trinity_beast.reports.uses import Uses
from trinity_beast.usage import Dimension, Look, Sought, UsageReader

STORE = "postgresql"
FILTERS_CHARACTERS_MAX = 1_000
CUT = "CUT"
"""What is noted as the code of a report whose telling was cut."""
_BY = {Kind.BY_ASSET: Dimension.ASSET, Kind.BY_SOURCE: Dimension.SOURCE}


class Owners(Protocol):
    """Who knows keys by what they are shown as. `access.Keys` is one."""

    async def named(self, shown: str) -> int:
        """Return the number of the key shown as `shown`.

        Raises:
            KeyUnknown: no such key.
        """
        ...


@dataclass(frozen=True, slots=True)
class Way:
    """By which way a report is asked for, and by which name its request is known.

    `none_match` is the header `If-None-Match`: a report that is still the same is not told again.
    """

    request_id: str
    form: str
    protocol: str = "http"
    none_match: str = ""


@dataclass(slots=True)
class Telling:
    """A report that is being told: its head, and its rows to go through once. Whoever tells it says how far it came."""

    head: Head
    rows: AsyncGenerator[list[Row], None]
    is_unchanged: bool = False
    rows_told: int = 0
    answer_bytes: int = 0
    is_whole: bool = False


class Reports:
    """Every report there is."""

    def __init__(
        self, reader: UsageReader, uses: Uses, owners: Owners, turnstile: Turnstile, *, clock: Clock, node: str, cursor_secret: bytes
    ) -> None:  # fmt: skip
        """Tell what `reader` finds, count it in `uses`. `cursor_secret` is the same on all nodes, so that any of them goes on."""
        self._reader, self._uses, self._owners, self._turnstile = reader, uses, owners, turnstile
        self._clock, self._node, self._cursor_secret = clock, node, cursor_secret
        self.tallies = ReportTallies()

    @asynccontextmanager
    async def opened(self, asked: Asked, by: Asker, way: Way) -> AsyncIterator[Telling]:
        """Open a report. It is counted and noted by then; should telling it fail before it began, it is given back.

        Raises:
            CursorInvalid, CursorExpired: it cannot be gone on with.
            KeyUnknown: a key is named that is not the caller's to see.
            ReportQuotaSpent: the key's month is used up.
            Overloaded: too many are told already.
            DependencyAway: the database is.
        """
        question = question_of(asked.kind.value, by.scope, asked.filters)
        cursor = heard(asked.cursor, question, self._cursor_secret, self._clock.now()) if asked.cursor else None
        if cursor is not None:
            asked = replace(asked, since=cursor.since, until=cursor.until)
        with self._turnstile.passed(by.key_id):
            sought = await self._sought(asked, by)
            async with self._reader.look() as look:
                head = await self._head(look, asked, sought, question, way)
                if head.etag is not None and _matches(head.etag, way.none_match):
                    yield Telling(head, _in_one([]), is_unchanged=True)
                    return
                # The next page of a report is a part of it, and was counted with it.
                opening = self._opening(asked, by, way, is_counted=by.owned is not None and cursor is None)
                telling = Telling(head, _in_one([]))
                async with self._noted(opening, telling):
                    telling.rows, following = await self._rows(look, asked, sought, cursor)
                    if following is not None:
                        telling.head = replace(telling.head, next_cursor=said(following, question, self._cursor_secret))
                    async with aclosing(telling.rows):
                        yield telling

    @asynccontextmanager
    async def _noted(self, opening: Opening, telling: Telling) -> AsyncIterator[None]:
        """Count and note a report, and how its telling ended."""
        started_ns, status, code = self._clock.monotonic_ns(), 0, CUT
        begun = await self._uses.begin(opening)
        telling.head = replace(telling.head, month_count=begun.month_count)
        try:
            yield
            status, code = (200, "OK") if telling.is_whole else (status, code)
        except TrinityError as error:
            status, code = (0, CUT) if telling.answer_bytes else (error.status, error.code)
            raise
        finally:
            if not telling.answer_bytes:
                await self._uses.give_back(begun, opening)
            latency_ns = self._clock.monotonic_ns() - started_ns
            self.tallies.told(opening.report, opening.format, latency_ns)
            await self._uses.end(begun, Ended(status, code, telling.rows_told, telling.answer_bytes, latency_ns))

    async def _rows(
        self, look: Look, asked: Asked, sought: Sought, cursor: Cursor | None
    ) -> tuple[AsyncGenerator[list[Row], None], Cursor | None]:  # fmt: skip
        """Return what is to be told, and what the next page goes on with."""
        is_newest, span = asked.newest_first, (sought.since, sought.until, sought.key_ids)
        if asked.kind is Kind.USAGE:
            if asked.page_rows is None:
                return every_row(look, sought, newest_first=is_newest), None
            page = await usage_page(look, sought, asked.page_rows, cursor, newest_first=is_newest)
        elif asked.kind is Kind.REPORTS:
            if asked.page_rows is None:
                return self._uses.every(*span, newest_first=is_newest), None
            page = await self._uses.page(*span, asked.page_rows, cursor, newest_first=is_newest)
        else:
            page = Page(await self._sums(look, asked, sought), None)
        return _in_one(page.rows), page.following

    async def _sums(self, look: Look, asked: Asked, sought: Sought) -> list[Row]:
        if asked.kind is Kind.DAILY:
            days = moments.days_within(asked.since, asked.until, asked.zone)
            if asked.zone_name == "UTC":
                return day_rows(days, await look.days(sought, days))
            return day_rows(days, await look.periods(sought, [moments.begin_of(day, asked.zone) for day in days]))
        if asked.kind is Kind.SUMMARY:
            return totals_rows(asked.kind, await look.totals(sought))
        # The sum of all is the summary's.
        return totals_rows(asked.kind, (await look.totals(sought, [_BY[asked.kind]]))[1:])

    async def _head(self, look: Look, asked: Asked, sought: Sought, question: bytes, way: Way) -> Head:
        complete_until = await look.complete_until()
        head = Head(asked.kind, asked.since, asked.until, asked.zone_name, asked.filters, STORE, complete_until)
        begin_of_today = datetime.combine(look.taken_at.astimezone(UTC).date(), time.min, UTC)
        if asked.until > min(begin_of_today, complete_until) or asked.cursor or asked.kind is Kind.REPORTS:
            return head  # It may change any moment: not worth a mark.
        told = (question, way.form, asked.delimiter, asked.page_rows, asked.since, asked.until, await look.stamp(sought))
        return replace(head, etag=f'W/"{hashlib.sha256(repr(told).encode()).hexdigest()[:32]}"')

    def _opening(self, asked: Asked, by: Asker, way: Way, *, is_counted: bool) -> Opening:
        filters = "&".join(f"{name}={text}" for name, text in sorted(asked.filters.items()))[:FILTERS_CHARACTERS_MAX]
        named = way.request_id, asked.kind.value, way.form, filters, way.protocol
        return Opening(by.key_id, self._clock.now(), *named, self._node, is_counted, by.quota)

    async def _sought(self, asked: Asked, by: Asker) -> Sought:
        key_ids = by.owned
        if asked.keys:
            key_ids = tuple(dict.fromkeys([await self._owners.named(shown) for shown in asked.keys]))
            if by.owned is not None and not set(key_ids) <= set(by.owned):
                # Told as keys that do not exist: which numbers are taken is nobody else's business.
                raise KeyUnknown(key_id=", ".join(asked.keys))
        return Sought(asked.since, asked.until, key_ids, asked.assets, asked.sources, asked.statuses, asked.protocols)


def _matches(etag: str, none_match: str) -> bool:
    """Whether `If-None-Match` names this mark, weak or not, or anything there is."""
    named = [part.strip().removeprefix("W/") for part in none_match.split(",")]
    return etag.removeprefix("W/") in named or "*" in named


async def _in_one(rows: Sequence[Row]) -> AsyncGenerator[list[Row], None]:
    if rows:
        yield list(rows)
