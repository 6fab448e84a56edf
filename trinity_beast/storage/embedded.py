"""The PostgreSQL the program brings along: started with it, kept alive under it, gone with it."""

import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from trinity_beast.errors import TrinityError
from trinity_beast.log import get_log
from trinity_beast.storage.folder import DataFolder
from trinity_beast.storage.launch import Launcher, Surroundings, end
from trinity_beast.storage.restarts import Restarts

ADDRESS = "database-url"
"""The note in `run/` that tells other programs of ours, such as `beast keys`, where the database is."""


_log = get_log("storage")
_VOICES: dict[str, Callable[..., None]] = {
    "postgres died": _log.warning,
    "postgres restart failed": _log.warning,
    "postgres given up": _log.error,
}


class Tell(Protocol):
    """Where events go: a constant name and its facts."""

    def __call__(self, event: str, **facts: object) -> None:
        """Note that `event` happened."""
        ...


def log_event(event: str, **facts: object) -> None:
    """Write an event to the log."""
    voice: Callable[..., None] = _VOICES.get(event, _log.info)
    voice(event, **facts)


class EmbeddedPostgres:
    """A PostgreSQL in a data folder, supervised. `start` and `stop` block: run them in a thread where a loop runs.

    One thread, the keeper, starts it, waits for its death and starts it again. It lives as long as PostgreSQL shall,
    because PostgreSQL is told to shut down when the thread that started it ends, as all do when this process is killed.
    Restarted, it has the same address.
    """

    def __init__(
        self, folder: DataFolder, surroundings: Surroundings | None = None, *, restarts: Restarts | None = None, tell: Tell = log_event
    ) -> None:
        self._folder = folder
        self._with = surroundings or Surroundings()
        self._launcher = Launcher(folder, self._with)
        self._restarts, self._tell = restarts or Restarts(), tell
        self._leaving = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The database's address, password included: not for logs."""
        return self._launcher.url.render_as_string(hide_password=False)

    @property
    def pid(self) -> int | None:
        """The running postmaster's pid, or None while it is down."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def start(self) -> str:
        """Make the cluster if need be, start PostgreSQL, and return the address once it answers. Half a second cold.

        Raises:
            PostgresMissing, PostgresOtherMajor, PostgresFailed, PostgresInUse, DiskNearlyFull, DataFolderUnusable: see each.
        """
        assert self._keeper is None, "an embedded PostgreSQL is started once"
        first: Future[None] = Future()
        # A daemon, so that a program which ends without stopping us is not held up; PostgreSQL then stops by itself.
        self._keeper = threading.Thread(target=self._keep, args=(first,), name="postgres-keeper", daemon=True)
        self._keeper.start()
        try:
            first.result()
        except BaseException:
            self.stop()
            raise
        self._folder.note(ADDRESS, self.url)
        return self.url

    def stop(self, *, within_seconds: float = 20.0) -> None:
        """Stop PostgreSQL in order and return when it is gone; past `within_seconds`, less gently. May be called twice."""
        self._leaving.set()
        process, keeper = self._process, self._keeper
        if process is not None:
            end(process, within_seconds=within_seconds)
        if keeper is not None:
            keeper.join(within_seconds + 10.0)
        if self._folder.is_taken:
            self._folder.note(ADDRESS, None)

    def _keep(self, first: Future[None]) -> None:
        try:
            self._launcher.prepare()
            self._process = self._launcher.launch(self._leaving)
        except BaseException as error:
            first.set_exception(error)
            return
        self._tell("postgres started", pid=self._process.pid)
        first.set_result(None)
        self._revive()

    def _revive(self) -> None:
        """Wait for each death and start again, until told to leave or there is no more hope."""
        failures, began_ns = 0, self._with.clock.monotonic_ns()
        while self._process is not None:
            exit_code = self._process.wait()
            if self._leaving.is_set():
                return
            ran_seconds = (self._with.clock.monotonic_ns() - began_ns) / 1e9
            failures = self._restarts.failures_after(failures, ran_seconds=ran_seconds)
            self._tell("postgres died", exit_code=exit_code, ran_seconds=round(ran_seconds, 3), deaths=failures)
            self._process, failures = self._again(failures)
            began_ns = self._with.clock.monotonic_ns()

    def _again(self, failures: int) -> tuple[subprocess.Popen[bytes] | None, int]:
        while (pause := self._restarts.pause_seconds(failures)) is not None:
            if self._leaving.wait(pause):
                return None, failures
            try:
                process = self._launcher.launch(self._leaving)
            except (TrinityError, OSError) as error:
                failures += 1
                self._tell("postgres restart failed", reason=str(error), failures=failures)
                continue
            self._tell("postgres restarted", pid=process.pid, failures=failures)
            return process, failures
        self._tell("postgres given up", failures=failures)
        return None, failures
