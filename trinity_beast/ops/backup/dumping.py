"""Dumping a database into an archive and reading it back, by PostgreSQL's own tools."""

import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from trinity_beast.ops.backup.archive import CHUNK_BYTES
from trinity_beast.ops.backup.errors import BackupFailed, RestoreFailed
from trinity_beast.storage import libpq_environment

CONSOLE_SCHEMA = "console"
"""Where operators make tables of their own: for working, and no part of a backup."""

SAID_MAX = 600
ENDS_WITHIN_SECONDS = 3_600.0


def dumped(tool: Path, url: str, snapshot: str) -> Iterator[bytes]:
    """Return the dump of a database as of a snapshot, chunk by chunk; uncompressed, for the archive compresses.

    Raises:
        BackupFailed: the tool failed; what it said is among the facts.
    """
    shape = ["--format=custom", "--compress=0", "--no-owner", "--no-acl", f"--exclude-schema={CONSOLE_SCHEMA}"]
    command = [str(tool), *shape, f"--snapshot={snapshot}", "--lock-wait-timeout=30s"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, env=dict(libpq_environment(url))
        ) as process:
            assert process.stdout is not None, "its output is a pipe"
            try:
                while chunk := process.stdout.read(CHUNK_BYTES):
                    yield chunk
                exit_code = process.wait(ENDS_WITHIN_SECONDS)
            except BaseException:
                process.kill()
                raise
        if exit_code != 0:
            said.seek(0)
            raise BackupFailed(reason=_last(said.read(), f"{tool.name} ended with {exit_code}"))


def restored(tool: Path, url: str, dump: Iterable[bytes]) -> None:
    """Read a dump into an empty database, in one transaction: all of it or nothing.

    Raises:
        RestoreFailed: the tool failed; what it said is among the facts.
    """
    shape = ["--no-owner", "--no-acl", "--single-transaction", "--exit-on-error", f"--dbname={libpq_environment(url)['PGDATABASE']}"]
    with tempfile.TemporaryFile() as said, _fed(tool, shape, url, said.fileno()) as process:
        assert process.stdin is not None, "its input is a pipe"
        try:
            for chunk in dump:
                process.stdin.write(chunk)
            process.stdin.close()
        except BrokenPipeError:
            pass  # It gave up; what it said tells why.
        exit_code = process.wait(ENDS_WITHIN_SECONDS)
        if exit_code != 0:
            said.seek(0)
            raise RestoreFailed(reason=_last(said.read(), f"{tool.name} ended with {exit_code}"))


@contextmanager
def _fed(tool: Path, shape: list[str], url: str, said: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [str(tool), *shape], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env=dict(libpq_environment(url))
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _last(said: bytes, otherwise: str) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return " ".join(lines[-3:])[-SAID_MAX:] or otherwise
