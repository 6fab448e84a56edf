"""A real PostgreSQL for the whole test session, and a database that forgets each test."""

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.places import quick_place
from trinity_beast.storage import Database, DataFolder, EmbeddedPostgres, Surroundings, upgrade

TEST_SECONDS = 120.0
"""How long a test may take, as pyproject.toml has it: a transaction that a whole test goes on in may take as long."""
UNSYNCED = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""Nobody misses a test's data after a power cut."""


class Cluster:
    """The session's PostgreSQL with one upgraded database that others are cloned from."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres, self._numbers = postgres, itertools.count(1)
        self._template = make_url(postgres.url).database or ""

    def clone(self) -> str:
        """Make a fresh database with the newest schema and return its address."""
        name = f"own_{next(self._numbers)}"
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(self._template)))
        return self.address(name)

    def empty(self) -> str:
        """Make a database with nothing in it and return its address."""
        name = f"empty_{next(self._numbers)}"
        self._execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.address(name)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(make_url(url).database or "")))

    def address(self, database: str) -> str:
        return make_url(self._postgres.url).set(database=database).render_as_string(hide_password=False)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.address("postgres"), autocommit=True, connect_timeout=10) as connection:
            connection.execute(statement)


class RolledBackDatabase(Database):
    """A database whose transactions are savepoints of one that is never committed. What waits for a commit (NOTIFY) waits for ever."""

    def __init__(self, url: str) -> None:
        super().__init__(url, connections_max=1, statement_seconds=TEST_SECONDS, transaction_seconds=TEST_SECONDS)
        self._outer: AsyncConnection | None = None
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def rolled_back(self) -> AsyncIterator["RolledBackDatabase"]:
        async with super().transaction() as self._outer:
            yield self
            await self._outer.rollback()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        assert self._outer is not None, "use it inside rolled_back()"
        async with asyncio.timeout(10):
            await self._turn.acquire()
        try:
            async with self._outer.begin_nested():
                yield self._outer
        finally:
            self._turn.release()

    statements = transaction


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A PostgreSQL of our own, in a folder that goes with it."""
    # Not pytest's own temporary folder: that lies in one which, under root, PostgreSQL's user may not enter.
    path = Path(tempfile.mkdtemp(prefix="trinity-beast-tests-", dir=quick_place()))
    with DataFolder(path) as folder:
        postgres = EmbeddedPostgres(folder, Surroundings(settings=UNSYNCED))
        try:
            upgrade(postgres.start())
            yield Cluster(postgres)
        finally:
            postgres.stop()
            shutil.rmtree(path)


@pytest.fixture(scope="session")
def shared_database_url(cluster: Cluster) -> str:
    return cluster.clone()


@pytest.fixture
async def database(shared_database_url: str) -> AsyncIterator[Database]:
    """A database with the newest schema; what the test does to it is rolled back."""
    database = RolledBackDatabase(shared_database_url)
    try:
        async with database.rolled_back():
            yield database
    finally:
        await database.close()


@pytest.fixture
def own_database_url(cluster: Cluster) -> Iterator[str]:
    """The address of a fresh database with the newest schema, for tests that commit or that start other processes."""
    url = cluster.clone()
    yield url
    cluster.drop(url)


@pytest.fixture
async def own_database(own_database_url: str) -> AsyncIterator[Database]:
    """A fresh database with the newest schema, for tests with two connections or a commit that others must see."""
    database = Database(own_database_url)
    yield database
    await database.close()
