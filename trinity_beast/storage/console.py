"""Carrying out what persons ask of the database, as a lesser role: one statement at a time, bounded in time, rows and bytes."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.types.string import TextLoader

from trinity_beast.storage.database import AWAY_CLASSES
from trinity_beast.storage.errors import DependencyAway, SqlForbidden, SqlRefused, SqlTooLong
from trinity_beast.storage.lesser import Lesser, LesserRoles

Argument = str | int | float | bool | None
Line = psycopg.AsyncConnection[tuple[object, ...]]
PLAIN = frozenset(["bool", "int2", "int4", "int8", "oid", "json", "jsonb"])
"""Types that are told as JSON has them. All others are told as PostgreSQL writes them: a price keeps its digits."""

AT_ONCE = 2
TURN_SECONDS = 5.0
GRACE_SECONDS = 2.0
MISBOUND = "08P01"
"""SQLSTATE: protocol_violation, among those of lost lines; here it says that arguments are missing or too many."""

TOO_LONG = ("57014", "55P03")
"""SQLSTATE: query_canceled, lock_not_available."""

FORBIDDEN = ("42501", "25006", "28000")
"""SQLSTATE: insufficient_privilege, read_only_sql_transaction, invalid_authorization_specification."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one statement may take: seconds, and of what it tells, rows and bytes. What is beyond is cut off, and told so."""

    seconds: float = 10.0
    rows_max: int = 1_000
    bytes_max: int = 4_000_000


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """What a statement told: its columns and rows, whether rows were cut off, and what was done (`UPDATE 3`)."""

    columns: Sequence[str] = ()
    rows: Sequence[Sequence[Any]] = field(default=(), repr=False)
    is_cut: bool = False
    done: str = ""


class SqlConsole:
    """Carries out one statement, or several in one transaction.

    Each goes by the extended protocol, where the server itself refuses a text with two of them. No line outlives its
    question, so nothing that was set on it does either.
    """

    def __init__(self, roles: LesserRoles) -> None:
        self._roles = roles
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read(self, statement: str, arguments: Sequence[Argument], bounds: Bounds) -> SqlAnswer:
        """Carry out one statement that changes nothing: as a role that cannot, in a transaction that may not, and is rolled back.

        Raises:
            SqlRefused, SqlForbidden, SqlTooLong: see each.
            ConsoleClosed, DependencyAway: it could not be asked at all.
        """
        async with self._line(Lesser.READER, bounds) as line:
            try:
                return await _streamed(line, statement, arguments, bounds)
            finally:
                with suppress(psycopg.Error):
                    await line.rollback()  # What a function announced (NOTIFY) or counted goes with it.

    async def write(self, statement: str, arguments: Sequence[Argument], bounds: Bounds, *, signature: tuple[str, str]) -> SqlAnswer:
        """Carry out one statement that changes rows, and commit it. `signature` is the name and text its trail is signed with.

        Raises:
            SqlRefused, SqlForbidden, SqlTooLong, ConsoleClosed, DependencyAway: as `read`; nothing was changed.
        """
        async with self._line(Lesser.EDITOR, bounds) as line:
            await line.execute("SELECT set_config(%s, %s, true)", signature)
            answer = await _done(line, statement, arguments, bounds)
            await line.commit()
            return answer

    async def build(self, statements: Sequence[str], bounds: Bounds, *, signature: tuple[str, str], is_rehearsal: bool) -> list[SqlAnswer]:
        """Carry out statements in one transaction, the making of tables among them; rolled back again if `is_rehearsal`.

        They tell how many rows each touched, and no rows.

        Raises:
            SqlRefused, SqlForbidden, SqlTooLong, ConsoleClosed, DependencyAway: as `read`, with the number of the statement as
                the fact `statement`; nothing was changed.
        """
        async with self._line(Lesser.BUILDER, bounds) as line:
            await line.execute("SELECT set_config(%s, %s, true)", signature)
            answers = []
            for number, statement in enumerate(statements, 1):
                with _named(bounds, statement=number):
                    answers.append(await _done(line, statement, (), Bounds(bounds.seconds, 0, 0)))
            if is_rehearsal:
                await line.rollback()
                return answers
            for shared in self._roles.shared():
                await line.execute(shared)
            await line.commit()
            return answers

    @asynccontextmanager
    async def _line(self, lesser: Lesser, bounds: Bounds) -> AsyncIterator[Line]:
        """Give a line for the length of a block that ends in time, whatever the server does."""
        try:
            async with asyncio.timeout(TURN_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise DependencyAway(part="console", reason="others are asking, and it serves two at a time") from None
        try:
            line = await self._roles.line(lesser, seconds=bounds.seconds)
            told_plainly(line)
            try:
                with _named(bounds):
                    async with asyncio.timeout(bounds.seconds + GRACE_SECONDS):
                        yield line
            except SqlTooLong:
                with suppress(psycopg.Error, OSError):
                    await line.cancel_safe(timeout=GRACE_SECONDS)
                raise
            finally:
                await line.close()
        finally:
            self._turns.release()


async def _streamed(line: Line, statement: str, arguments: Sequence[Argument], bounds: Bounds) -> SqlAnswer:
    """Read row by row, and break off where it is enough: a statement may tell more than there is memory."""
    rows: list[list[Any]] = []
    size, is_cut = 0, False
    async with psycopg.AsyncRawCursor(line) as cursor:
        # The stream speaks the extended protocol always, with arguments or without.
        async for row in cursor.stream(statement, list(arguments)):
            size += sum(len(str(value)) for value in row)
            if len(rows) == bounds.rows_max or size > bounds.bytes_max:
                is_cut = True
                break
            rows.append(list(row))
        columns = [column.name for column in cursor.description or ()]
    return SqlAnswer(columns, rows, is_cut, f"{len(rows)} rows")


async def _done(line: Line, statement: str, arguments: Sequence[Argument], bounds: Bounds) -> SqlAnswer:
    """Carry out a statement of which it is not known whether it tells rows. `prepare` has it go by the extended protocol."""
    async with psycopg.AsyncRawCursor(line) as cursor:
        await cursor.execute(statement, list(arguments), prepare=True)
        done = cursor.statusmessage or ""
        if cursor.description is None or not bounds.rows_max:
            return SqlAnswer(done=done)
        rows, size = [], 0
        for row in await cursor.fetchmany(bounds.rows_max):
            size += sum(len(str(value)) for value in row)
            if size > bounds.bytes_max:
                break
            rows.append(list(row))
        return SqlAnswer([column.name for column in cursor.description], rows, len(rows) < cursor.rowcount, done)


@contextmanager
def _named(bounds: Bounds, **facts: int) -> Iterator[None]:
    """Turn what the server says into ours. Its sentences name columns and types; values only where the statement gave them."""
    try:
        yield
    except TimeoutError:
        raise SqlTooLong(seconds=bounds.seconds) from None
    except psycopg.Error as error:
        reason = (error.diag.message_primary or str(error).partition("\n")[0] or type(error).__name__)[:300]
        state = error.sqlstate or ""
        if state in TOO_LONG:
            raise SqlTooLong(seconds=bounds.seconds, **facts) from error
        if state in FORBIDDEN:
            raise SqlForbidden(reason=reason, **facts) from error
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) and (
            not state or (state[:2] in AWAY_CLASSES and state != MISBOUND)
        ):
            raise DependencyAway(part="database", reason=reason) from error
        raise SqlRefused(reason=reason, sqlstate=state, at=error.diag.statement_position, **facts) from error


def told_plainly(line: Line) -> None:
    """Have values come as PostgreSQL writes them, but for those that JSON has itself."""
    for known in psycopg.adapters.types:
        if known.name not in PLAIN:
            line.adapters.register_loader(known.oid, TextLoader)
        if known.array_oid:
            line.adapters.register_loader(known.array_oid, TextLoader)
