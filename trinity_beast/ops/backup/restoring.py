"""Restoring a backup where nothing is yet, and proving what was restored."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from trinity_beast.access import Digests, Keys
from trinity_beast.clock import Clock
from trinity_beast.ops.backup import gathering, store
from trinity_beast.ops.backup.archive import Archive
from trinity_beast.ops.backup.dumping import restored
from trinity_beast.ops.backup.errors import BackupDamaged, BackupNewer, RestoreFailed, RestoreTargetUsed
from trinity_beast.ops.backup.making import told
from trinity_beast.ops.backup.model import DUMP, FORMAT, LONG_SECONDS, SERVER_SECRET, Manifest, Progress, Restored
from trinity_beast.randomness import SecretSource
from trinity_beast.storage import (
    Database,
    DataFolder,
    EmbeddedPostgres,
    Surroundings,
    bin_dir_for,
    postgres_tool,
    schema_step,
    upgrade,
)

RESTORING = ".restoring-"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to restore to: a folder that is not there yet, and a database with nothing in it where not an embedded one."""

    data_dir: Path
    database_url: str = field(default="", repr=False)
    bin_dir: Path | None = None
    as_new_node: bool = False
    """The copy is another node beside the first: it gets a name of its own, and nothing of the first's share of quotas."""


class Restoring:
    """Restores one archive, whole or not at all: nothing stands under the name of the target before all of it is proven."""

    def __init__(self, path: Path, clock: Clock, secrets: SecretSource, progress: Progress) -> None:
        self._path, self._clock, self._secrets, self._progress = path, clock, secrets, progress

    async def check(self) -> Manifest:
        """Read all of the archive and return what it says of itself, restoring nothing.

        Raises:
            BackupDamaged: it is not as it was written.
            BackupNewer: a newer release made it.
        """
        with self._opened() as file:
            return (await asyncio.to_thread(self._read, file)).manifest

    async def restore(self, target: Target) -> Restored:
        """Restore into a folder of its own and prove it by starting the database.

        Raises:
            BackupDamaged, BackupNewer: the archive cannot be used.
            RestoreTargetUsed: there is something already where it should go.
            RestoreFailed: the database does not take it, or what it holds then is not what was backed up.
        """
        final = target.data_dir.absolute()
        _expect_free(final)
        with self._opened() as file:
            archive = await asyncio.to_thread(self._read, file)
            _sweep(final)
            with _draft(final) as draft, DataFolder(draft, self._clock) as folder:
                await asyncio.to_thread(self._write_files, archive, draft, target)
                step, rows = await self._restored_database(archive, folder, target)
                folder.release()
                draft.rename(final)
        return Restored(str(final), archive.manifest, step, rows)

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        try:
            file = self._path.open("rb")
        except OSError as error:
            raise BackupDamaged(reason=f"{self._path}: {error.strerror}") from error
        with file:
            yield file

    def _read(self, file: IO[bytes]) -> Archive:
        archive = Archive(file, self._progress)
        if archive.manifest.format > FORMAT:
            raise BackupNewer(what="archive format", found=archive.manifest.format, known=FORMAT)
        if DUMP not in archive.names():
            raise BackupDamaged(reason="it holds no database")
        return archive

    def _write_files(self, archive: Archive, draft: Path, target: Target) -> None:
        names = [name for name in archive.names() if name != DUMP]
        left_out = gathering.outdated(names)
        for name in names:
            if name in left_out or (target.as_new_node and (name == gathering.NODE_ID or name.startswith("quotas/"))):
                continue
            path = draft / name
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                for chunk in told(archive.chunks(name), "Writing the data folder", None, self._progress):
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())

    async def _restored_database(self, archive: Archive, folder: DataFolder, target: Target) -> tuple[str, dict[str, int]]:
        if target.database_url:
            return await self._into(target.database_url, archive, folder, target.bin_dir)
        bin_dir = bin_dir_for(archive.manifest.postgres_major, target.bin_dir)
        postgres = EmbeddedPostgres(folder, Surroundings(bin_dir=bin_dir, clock=self._clock))
        self._progress("Starting PostgreSQL", 0, None)
        url = await asyncio.to_thread(postgres.start)
        try:
            return await self._into(url, archive, folder, target.bin_dir)
        finally:
            await asyncio.to_thread(postgres.stop)

    async def _into(self, url: str, archive: Archive, folder: DataFolder, bin_dir: Path | None) -> tuple[str, dict[str, int]]:
        """Fill an empty database, and prove that it holds what was backed up and that this program can use it."""
        database = Database(url, connections_max=1, statement_seconds=LONG_SECONDS, transaction_seconds=LONG_SECONDS)
        try:
            major = await _expect_fitting(database, archive.manifest)
            dump = told(archive.chunks(DUMP), "Restoring the database", None, self._progress)
            await asyncio.to_thread(restored, postgres_tool("pg_restore", major, bin_dir), url, dump)
            rows = await _proven(database, archive.manifest)
            self._progress("Bringing the schema up", 0, None)
            await asyncio.to_thread(upgrade, url)
            secret = folder.secret(SERVER_SECRET.removeprefix("secrets/"))
            if secret is not None:
                await Keys(database, Digests(secret), self._clock, self._secrets).expect_one_secret()
        finally:
            await database.close()
        return (await asyncio.to_thread(schema_step, url)).found, rows


async def _expect_fitting(database: Database, manifest: Manifest) -> int:
    """Return the server's major version, once it is known that it is empty and that it and we are new enough."""
    async with database.transaction() as tx:
        major, there = await store.server_major(tx), await store.rows_by_table(tx)
    if there:
        raise RestoreTargetUsed(target=f"the database, which has {len(there)} tables")
    if major < manifest.postgres_major:
        raise BackupNewer(what="PostgreSQL", found=manifest.postgres_major, known=major)
    ours = await asyncio.to_thread(schema_step, database.url)
    if manifest.schema_step and manifest.schema_step not in ours.known:
        raise BackupNewer(what="schema", found=manifest.schema_step, known=ours.newest)
    return major


async def _proven(database: Database, manifest: Manifest) -> dict[str, int]:
    async with database.transaction() as tx:
        rows = dict(await store.rows_by_table(tx))
    if rows != manifest.rows:
        differing = sorted(name for name in {*rows, *manifest.rows} if rows.get(name) != manifest.rows.get(name))
        raise RestoreFailed(reason=f"the rows of {', '.join(differing)} are not those that were backed up")
    return rows


def _expect_free(final: Path) -> None:
    if final.is_symlink() or (final.exists() and (not final.is_dir() or any(final.iterdir()))):
        raise RestoreTargetUsed(target=str(final))


def _sweep(final: Path) -> None:
    """Remove what killed restores to the same place have left, unless one is still at it."""
    for draft in final.parent.glob(f".{final.name}{RESTORING}*"):
        if draft.is_dir() and DataFolder(draft).held_by() is None:
            _remove(draft)


@contextmanager
def _draft(final: Path) -> Iterator[Path]:
    """Give a folder beside the final one, gone at the end unless it was renamed."""
    final.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=final.parent, prefix=f".{final.name}{RESTORING}"))
    try:
        yield draft
    finally:
        if draft.exists():
            _remove(draft)


def _remove(draft: Path) -> None:
    """Remove a half-made data folder, and its cluster where that lies elsewhere."""
    cluster = draft / "postgres"
    if cluster.is_symlink():
        shutil.rmtree(cluster.resolve(), ignore_errors=True)
    shutil.rmtree(draft, ignore_errors=True)
