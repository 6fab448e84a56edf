"""Reaching a node's database from outside it: over the running node, or by starting its PostgreSQL for the moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from trinity_beast.clock import Clock, SystemClock
from trinity_beast.storage.cluster import cluster_major
from trinity_beast.storage.database import Database
from trinity_beast.storage.embedded import ADDRESS, EmbeddedPostgres
from trinity_beast.storage.errors import DataFolderBusy
from trinity_beast.storage.folder import DataFolder
from trinity_beast.storage.launch import Surroundings
from trinity_beast.storage.migrations import upgrade

LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a node keeps its data: its folder, and its database where that is not the embedded one."""

    data_dir: Path
    database_url: str = ""
    postgres_bin_dir: Path | None = None


@asynccontextmanager
async def reached(
    whereabouts: Whereabouts, *, clock: Clock | None = None, wait_seconds: float = 10.0
) -> AsyncIterator[tuple[DataFolder, Database]]:
    """Give the node's folder and database for the length of a block, whether or not the node runs.

    Where it runs, its own database is used as it is. Where it does not, this program holds the folder's lock, starts the
    embedded PostgreSQL, brings the schema up, and stops it again at the end. A node that is just starting is waited for.

    Raises:
        DataFolderBusy: whoever holds the folder has shown no database within `wait_seconds`.
        DependencyAway, SchemaNewer, and whatever `EmbeddedPostgres.start` raises: see each.
    """
    clock = clock or SystemClock()
    folder = DataFolder(whereabouts.data_dir, clock)
    url = await _taken_or_address(folder, whereabouts, clock, wait_seconds)
    postgres = None
    try:
        if url is None:
            postgres = EmbeddedPostgres(folder, Surroundings(bin_dir=whereabouts.postgres_bin_dir, clock=clock))
            url = await asyncio.to_thread(postgres.start)
        await asyncio.to_thread(upgrade, url)
        async with _opened(url) as database:
            yield folder, database
    finally:
        if postgres is not None:
            await asyncio.to_thread(postgres.stop)
        folder.release()


async def _taken_or_address(folder: DataFolder, whereabouts: Whereabouts, clock: Clock, wait_seconds: float) -> str | None:
    """Return the database's address, or None once the folder is ours and PostgreSQL is for us to start."""
    late_ns = clock.monotonic_ns() + round(wait_seconds * 1e9)
    while True:
        try:
            folder.take()
        except DataFolderBusy:
            url = whereabouts.database_url or folder.noted(ADDRESS)
            if url:
                return url
            if clock.monotonic_ns() > late_ns:
                raise
            await clock.sleep(LOOK_EVERY_SECONDS)
        else:
            return whereabouts.database_url or None


@asynccontextmanager
async def looked_into(whereabouts: Whereabouts, *, clock: Clock | None = None) -> AsyncIterator[Database | None]:
    """Give the node's database as it stands, its schema whatever it is, for the length of a block; None where none was made yet.

    Nothing is made or upgraded. Where the node does not run, its PostgreSQL is started for the moment, under the folder's lock.

    Raises:
        DataFolderBusy: whoever holds the folder shows no database.
        DependencyAway, and whatever `EmbeddedPostgres.start` raises: see each.
    """
    clock = clock or SystemClock()
    folder = DataFolder(whereabouts.data_dir, clock)
    url = whereabouts.database_url or (folder.noted(ADDRESS) if folder.held_by() is not None else None)
    if url:
        async with _opened(url) as database:
            yield database
        return
    if cluster_major(folder.postgres / "cluster") is None:
        yield None
        return
    with folder:
        postgres = EmbeddedPostgres(folder, Surroundings(bin_dir=whereabouts.postgres_bin_dir, clock=clock))
        url = await asyncio.to_thread(postgres.start)
        try:
            async with _opened(url) as database:
                yield database
        finally:
            await asyncio.to_thread(postgres.stop)


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = Database(url, connections_max=2)
    try:
        yield database
    finally:
        await database.close()
