"""Making a backup of a node, whether it runs or not."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trinity_beast.clock import Clock
from trinity_beast.ops.backup import gathering, store
from trinity_beast.ops.backup.archive import ArchiveWriter, new_file
from trinity_beast.ops.backup.dumping import dumped
from trinity_beast.ops.backup.errors import BackupFailed
from trinity_beast.ops.backup.model import DUMP, LONG_SECONDS, SERVER_SECRET, Made, Manifest, Progress
from trinity_beast.storage import Database, Whereabouts, looked_into, postgres_tool, schema_step
from trinity_beast.web import timestamp_of


@dataclass(frozen=True, slots=True)
class Maker:
    """Who makes backups: the release and the node, as the manifest tells them."""

    program: str
    node: str


class Making:
    """Makes backups of one node, each whole or not at all."""

    def __init__(self, whereabouts: Whereabouts, maker: Maker, clock: Clock, progress: Progress) -> None:
        self._whereabouts, self._maker, self._clock, self._progress = whereabouts, maker, clock, progress

    async def make(self, path: Path) -> Made:
        """Make a backup at `path`.

        The segments are read before the database: what is stored meanwhile is in both, and stored once all the same when the
        restored node ships it. The other way round it could be in neither.

        Raises:
            BackupThere: `path` is there already.
            BackupFailed: it cannot be written, or the database cannot be dumped.
            DataFolderBusy, DependencyAway, PostgresMissing …: the database cannot be reached.
        """
        with new_file(path) as file:
            writer = ArchiveWriter(file)
            async with looked_into(self._whereabouts, clock=self._clock) as database:
                if database is None:
                    raise BackupFailed(reason=f"there is no node in {self._whereabouts.data_dir}")
                await asyncio.to_thread(self._add_files, writer)
                manifest = await self._add_database(writer, database.url)
            size = await asyncio.to_thread(writer.finish, manifest, self._progress)
        return Made(str(path), size, manifest)

    def _add_files(self, writer: ArchiveWriter) -> None:
        done = 0
        for name, path in gathering.kept_files(self._whereabouts.data_dir.absolute()):
            chunks = gathering.content(path)
            if chunks is not None:
                writer.add(name, chunks)
                done += sum(map(len, chunks))
                self._progress("Reading the data folder", done, None)

    async def _add_database(self, writer: ArchiveWriter, url: str) -> Manifest:
        """Dump the database, its rows counted in the same moment, and return the manifest of all that was added."""
        step = await asyncio.to_thread(schema_step, url)
        database = Database(url, connections_max=1, statement_seconds=LONG_SECONDS, transaction_seconds=LONG_SECONDS)
        try:
            async with database.transaction() as tx:
                snapshot = await store.one_moment(tx)
                major, size = await store.server_major(tx), await store.database_bytes(tx)
                tool = postgres_tool("pg_dump", major, self._whereabouts.postgres_bin_dir)
                dump = told(dumped(tool, url, snapshot), "Dumping the database", size, self._progress)
                await asyncio.to_thread(writer.add, DUMP, dump)
                # Only now do we read a table, and so hold a lock: whoever waits for ours to make a day's partition would
                # else keep pg_dump waiting, and we wait for that.
                rows = await store.rows_by_table(tx)
        finally:
            await database.close()
        return Manifest(
            made_at=timestamp_of(self._clock.now()),
            program=self._maker.program,
            node=self._maker.node,
            schema_step=step.found,
            postgres_major=major,
            members=dict(writer.members),
            rows=rows,
            has_secrets=f"{SERVER_SECRET}.zst" in writer.members,
        )


def told(chunks: Iterator[bytes], phase: str, size: int | None, progress: Progress) -> Iterator[bytes]:
    """Pass chunks on, telling how many bytes have come by."""
    done = 0
    for chunk in chunks:
        done += len(chunk)
        # A dump has no indexes and no dead rows, so it is mostly smaller than the database, and may be larger.
        progress(phase, done, None if size is None else max(size, done))
        yield chunk
