"""The folder everything of one node lives in, and the lock that keeps a second program out of it."""

import fcntl
import json
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from trinity_beast.clock import Clock, SystemClock
from trinity_beast.storage.errors import DataFolderBusy, DataFolderUnusable

OURS = 0o700
SECRET = 0o600


class DataFolder:
    """One node's folder: `secrets/`, `run/`, `logs/`, `spool/`, `postgres/`. Only its owner can enter it.

    `take()` makes the tree and holds the lock until `release()`; the lock ends with the process, however it ends, so a
    killed program never leaves a folder locked. Use it as a context manager where the code's shape allows.
    """

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.path = path.absolute()
        self._clock = clock or SystemClock()
        self._lock: int | None = None

    @property
    def logs(self) -> Path:
        """What parts that are not ours say."""
        return self.path / "logs"

    @property
    def run(self) -> Path:
        """What holds only while the program runs, such as the address of its database."""
        return self.path / "run"

    @property
    def spool(self) -> Path:
        """The usage records not yet shipped."""
        return self.path / "spool"

    @property
    def quotas(self) -> Path:
        """Where it is counted what this node has spent of quotas."""
        return self.path / "quotas"

    @property
    def postgres(self) -> Path:
        """Where the embedded cluster lies, or a link to it; it belongs to the user PostgreSQL runs as."""
        return self.path / "postgres"

    @property
    def is_taken(self) -> bool:
        """Whether this object holds the lock."""
        return self._lock is not None

    def take(self) -> Self:
        """Make the tree and lock it.

        Raises:
            DataFolderBusy: another program holds it; its pid is among the facts.
            DataFolderUnusable: it cannot be made or written.
        """
        assert self._lock is None, "a data folder is taken once"
        try:
            self._make()
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, SECRET)
        except OSError as error:
            raise DataFolderUnusable(folder=str(self.path), reason=error.strerror or str(error)) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _holder(lock)
            os.close(lock)
            raise DataFolderBusy(folder=str(self.path), **holder) from None
        # One write, so that a reader sees the old holder or this one; a shorter text must not keep the old one's tail.
        text = json.dumps({"pid": os.getpid(), "since": self._clock.now().isoformat()}).encode()
        os.pwrite(lock, text.ljust(200), 0)
        self._lock = lock
        return self

    def held_by(self) -> int | None:
        """Return the pid of the program that holds the lock just now (0 where it has not said so yet), or None. Makes nothing."""
        try:
            lock = os.open(self.path / "lock", os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(str(_holder(lock)["pid"]))
        finally:
            os.close(lock)
        return None

    def release(self) -> None:
        """Unlock the folder. Releasing what is not held does nothing."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> Self:
        return self if self.is_taken else self.take()

    def __exit__(self, *_: object) -> None:
        self.release()

    def secret(self, name: str) -> bytes | None:
        """Return the secret kept under `name`, or None when there is none."""
        try:
            return (self.path / "secrets" / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise DataFolderUnusable(folder=str(self.path), reason=f"secrets/{name}: {error.strerror}") from error

    def secret_since(self, name: str) -> datetime | None:
        """Return since when what is kept under `name` has been what it is, or None when there is none."""
        try:
            return datetime.fromtimestamp((self.path / "secrets" / name).stat().st_mtime, UTC)
        except OSError:
            return None

    def keep_secret(self, name: str, secret: bytes) -> None:
        """Keep `secret` under `name`, readable by the owner alone; on disk when this returns."""
        self._write(self.path / "secrets", name, secret)

    def note(self, name: str, text: str | None) -> None:
        """Leave `text` in `run/` for other programs of the same owner; None takes it away."""
        if text is None:
            (self.run / name).unlink(missing_ok=True)
        else:
            self._write(self.run, name, text.encode())

    def noted(self, name: str) -> str | None:
        """Return what was last noted under `name`; it may be a dead program's, so trust it only while the lock is held."""
        try:
            return (self.run / name).read_text()
        except OSError:
            return None

    def _make(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.mkdir(mode=OURS, exist_ok=True)
        for name in ("secrets", "run", "logs", "spool", "quotas"):
            (self.path / name).mkdir(mode=OURS, exist_ok=True)

    def _write(self, folder: Path, name: str, content: bytes) -> None:
        """Write a file whole or not at all, even if the machine stops half-way."""
        try:
            descriptor, draft = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())
                Path(draft).replace(folder / name)
            except BaseException:
                Path(draft).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise DataFolderUnusable(folder=str(self.path), reason=f"{folder.name}/{name}: {error.strerror}") from error


def _holder(lock: int) -> dict[str, object]:
    """Return what the holder wrote of itself; nothing in the moment between its lock and its note."""
    try:
        holder = json.loads(os.pread(lock, 1000, 0))
        return {"pid": int(holder["pid"]), "since": str(holder["since"])}
    except (ValueError, KeyError, TypeError):
        return {"pid": 0, "since": "unknown"}
