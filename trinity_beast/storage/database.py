"""The way to the database: transactions from a bounded pool, and one name for every way it can be away."""

import asyncio
import os
import select
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from trinity_beast.log import get_log
from trinity_beast.storage.addresses import database_url
from trinity_beast.storage.errors import DependencyAway
from trinity_beast.storage.room import Room
from trinity_beast.traces import UNTRACED, SpanKind, Traces

T = TypeVar("T")
_log = get_log("storage")
AWAY_CLASSES = ("08", "53", "57", "58")
"""SQLSTATE classes that say the server cannot now: connection, resources, operator (timeouts too), system."""
UNPREPARED = ("26000", "42P05")
"""What a statement is told whose prepared form the server does not have, or has of somebody else: as behind a pool of connections
that hands a session to another after each transaction."""
LOCK_NOT_AVAILABLE = "55P03"
"""What a statement is told that would wait for a lock longer than it said it wants to."""

CONNECTIONS_MOST = 1_000
_SPAN_FACTS = {"db.system.name": "postgresql"}
"""All that a trace tells of what the database was asked: statements may hold what is nobody's business."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """The pool at one moment, by the names of the counters."""

    db_open_conns: int
    db_in_use_conns: int
    db_wait_count: int


class Database:
    """Transactions on one PostgreSQL. Whatever waits here is bounded: connecting, queueing, a statement, a transaction."""

    def __init__(
        self,
        url: str,
        *,
        connections_max: int = 10,
        connect_seconds: float = 5.0,
        statement_seconds: float = 10.0,
        transaction_seconds: float = 15.0,
        traces: Traces = UNTRACED,
    ) -> None:
        """Prepare the way to the PostgreSQL at `url`. What is asked within a span of `traces` is told there."""
        self.url, self._traces = url, traces
        self._transaction_seconds, self._wait_seconds = transaction_seconds, connect_seconds
        self._waits = 0
        self._prepares = True
        self._room = Room(connections_max)
        self._engine = create_async_engine(
            database_url(url),
            # The pool only keeps connections; how many there may be is for the room, which can be turned.
            poolclass=_KeptPool,
            pool_size=CONNECTIONS_MOST,
            max_overflow=0,
            pool_use_lifo=True,
            pool_timeout=connect_seconds,
            connect_args={
                "connect_timeout": max(2, round(connect_seconds)),
                "application_name": "trinity-beast",
                # Compiling a statement over a month's partitions takes half a second, and its first rows a few milliseconds.
                "options": f"-c statement_timeout={round(statement_seconds * 1000)} -c timezone=UTC -c jit=off",
            },
        )
        sa.event.listen(self._engine.sync_engine, "checkout", _refuse_if_hung_up)
        sa.event.listen(self._engine.sync_engine, "checkout", self._prepare_or_not)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection with a transaction open: committed when the block ends, rolled back when it raises.

        Raises:
            DependencyAway: the server cannot be reached, is going down, has no room, or took too long. The cause is kept.
        """
        with self._traces.within("transaction", kind=SpanKind.CLIENT, facts=_SPAN_FACTS):
            async with self._place():
                with self._named_away():
                    async with (
                        self._engine.connect() as connection,
                        _line_cut_after(connection, self._transaction_seconds),
                        connection.begin(),
                    ):
                        yield connection

    def resize(self, connections_max: int, idle_max: int, *, wait_seconds: float, transaction_seconds: float) -> None:
        """Open so many connections at most from now on, keep so many when idle, and wait so long for one, and for its end."""
        self._room.resize(connections_max)
        self._pool.idle_max = idle_max
        self._wait_seconds, self._transaction_seconds = wait_seconds, transaction_seconds

    async def directly(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Return what `work` comes to, its statements committed one by one; for the few that are asked all day long.

        Without BEGIN and COMMIT the server is asked once instead of three times. So `work` reads what need not agree, or writes
        with one statement, its last.

        The driver prepares a statement at its fifth use on a connection. Where the server turns out not to keep what is
        prepared, nothing is prepared from then on, and `work` is done again, as nothing was written: nobody notices.

        Raises:
            DependencyAway: as `transaction`.
        """
        try:
            async with self.statements() as alone:
                return await work(alone)
        except DependencyAway as error:
            if _sqlstate(error.__cause__) not in UNPREPARED:
                raise
            async with self.statements() as alone:
                return await work(alone)

    @asynccontextmanager
    async def statements(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection on which each statement is committed by itself.

        Raises:
            DependencyAway: as `transaction`.
        """
        with self._traces.within("statements", kind=SpanKind.CLIENT, facts=_SPAN_FACTS):
            async with self._place():
                with self._named_away():
                    async with self._engine.connect() as connection, _line_cut_after(connection, self._transaction_seconds):
                        yield await connection.execution_options(isolation_level="AUTOCOMMIT")

    async def ping(self) -> None:
        """Ask for as little as can be asked.

        Raises:
            DependencyAway: the server does not answer.
        """
        async with self.transaction() as tx:
            await tx.execute(sa.text("SELECT 1"))

    def gauges(self) -> Gauges:
        """Return how many connections are open and in use, and how often somebody had to wait for one."""
        in_use = self._pool.checkedout()
        return Gauges(db_open_conns=self._pool.checkedin() + in_use, db_in_use_conns=in_use, db_wait_count=self._waits)

    async def close(self) -> None:
        """Close every connection that is not in use."""
        await self._engine.dispose()

    def _prepare_or_not(self, connection: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: object) -> None:
        if not self._prepares:
            connection.driver_connection.prepare_threshold = None

    @contextmanager
    def _named_away(self) -> Iterator[None]:
        """Turn every fault that says "not now" into ours; let the others, which are our own mistakes, through."""
        try:
            yield
        except (sa.exc.DBAPIError, psycopg.Error) as error:  # The driver's own come from what is copied past SQLAlchemy.
            cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
            is_unprepared = _sqlstate(error) in UNPREPARED
            if is_unprepared and self._prepares:
                _log.warning("statements not prepared", reason=_reason(cause))
                self._prepares = False
            if not (is_unprepared or _is_away(cause)):
                raise
            raise DependencyAway(part="database", reason=_reason(cause)) from error

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Hold one of the places for the length of a block."""
        self._waits += self._room.is_full
        try:
            async with asyncio.timeout(self._wait_seconds):
                await self._room.__aenter__()
        except TimeoutError as error:
            raise DependencyAway(part="database", reason="every connection is in use") from error
        try:
            yield
        finally:
            await self._room.__aexit__(None, None, None)

    @property
    def _pool(self) -> "_KeptPool":
        pool = self._engine.pool
        assert isinstance(pool, _KeptPool), "the engine is made with our pool"
        return pool


class _KeptPool(AsyncAdaptedQueuePool):
    """Keeps so many idle connections and closes those that come back beyond."""

    _sqla_logger_namespace = "sqlalchemy.pool"  # Under a name of ours what the library says to itself would be in everybody's log.
    idle_max = CONNECTIONS_MOST

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        if self.checkedin() < self.idle_max:
            super()._do_return_conn(record)
            return
        try:
            record.close()
        finally:
            self._dec_overflow()


def _is_away(cause: BaseException | None) -> bool:
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    return cause.sqlstate is None or cause.sqlstate[:2] in AWAY_CLASSES or cause.sqlstate == LOCK_NOT_AVAILABLE


def _sqlstate(error: BaseException | None) -> str | None:
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    return cause.sqlstate if isinstance(cause, psycopg.Error) else None


def _reason(cause: BaseException | None) -> str:
    """Return the first line of what the driver said. It never holds values or passwords, only where and what."""
    return (str(cause).splitlines() or [type(cause).__name__])[0][:200]


@asynccontextmanager
async def _line_cut_after(connection: AsyncConnection, seconds: float) -> AsyncIterator[None]:
    """Shut the connection's socket once `seconds` have gone by.

    A server that is frozen rather than dead honours no statement timeout, and the driver, cancelled, would wait for it
    to confirm. A shut socket ends every wait at once, and the pool throws the connection away.
    """
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, psycopg.AsyncConnection), "the address says psycopg"
    cut = asyncio.get_running_loop().call_later(seconds, _shut, driver)
    try:
        yield
    finally:
        cut.cancel()


def _shut(driver: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    if not driver.closed:
        with socket.socket(fileno=os.dup(driver.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)


def _refuse_if_hung_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: object) -> None:
    """Have the pool open a new connection in place of one the server has closed, without asking the server each time.

    An idle PostgreSQL sends nothing, so whatever lies unread on a pooled connection is a farewell.
    """
    unread = select.poll()  # `select.select` knows no descriptor past 1,023, and callers hold thousands.
    unread.register(connection.driver_connection.fileno(), select.POLLIN)
    if unread.poll(0):
        raise sa.exc.DisconnectionError
