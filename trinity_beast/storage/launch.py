"""Getting one PostgreSQL to run: whatever stands in the way is cleared, retried or refused by name."""

import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

from trinity_beast.clock import Clock, SystemClock
from trinity_beast.randomness import SecretSource, SystemSecrets
from trinity_beast.storage.addresses import libpq_url
from trinity_beast.storage.binaries import Binaries, fitting, found_binaries
from trinity_beast.storage.cluster import OWNER, cluster_major, make_cluster, sweep_drafts
from trinity_beast.storage.cluster_place import ELSEWHERE, cluster_place, reachable_binaries
from trinity_beast.storage.cluster_user import ClusterUser, cluster_user
from trinity_beast.storage.errors import DataFolderUnusable, DiskNearlyFull, PostgresFailed, PostgresInUse
from trinity_beast.storage.folder import DataFolder
from trinity_beast.storage.postmaster import exists, read_pid_file, runs_on, spawn

DATABASE = "beast"
PASSWORD = "postgres-password"  # noqa: S105 - The name of the file, not the word.
MEGABYTE = 1_000_000
ROOM_TO_MAKE = 256 * MEGABYTE
ROOM_TO_START = 64 * MEGABYTE
LOG_BYTES_MAX = 16 * MEGABYTE
LOOK_EVERY_SECONDS = 0.01


def free_port() -> int:
    """Return a port nobody has at this moment; somebody may take it the next."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_bytes(path: Path) -> int:
    """Return the bytes we may still write where `path` lies."""
    return shutil.disk_usage(path).free


@dataclass(frozen=True)
class Surroundings:
    """What a launch takes from the machine; a test hands in its own."""

    bin_dir: Path | None = None
    run_as: str | None = None
    elsewhere: Path = ELSEWHERE
    settings: Mapping[str, str] = field(default_factory=dict)
    free_bytes: Callable[[Path], int] = free_bytes
    free_port: Callable[[], int] = free_port
    ready_seconds: float = 60.0
    retry_seconds: float = 5.0
    clock: Clock = field(default_factory=SystemClock)
    secrets: SecretSource = field(default_factory=SystemSecrets)


class Launcher:
    """Prepares a data folder's cluster once and starts PostgreSQL on it as often as asked. Every call may block."""

    def __init__(self, folder: DataFolder, surroundings: Surroundings) -> None:
        self._folder, self._with = folder, surroundings
        self._user: ClusterUser
        self._binaries: Binaries
        self._cluster: Path
        self._password = ""
        self._port = 0

    @property
    def log(self) -> Path:
        """What PostgreSQL says."""
        return self._folder.logs / "postgres.log"

    @property
    def url(self) -> URL:
        """Our database's address, once prepared and launched."""
        return URL.create("postgresql", OWNER, self._password, "127.0.0.1", self._port, DATABASE)

    def prepare(self) -> None:
        """Choose user, place and binaries, and make the cluster if there is none.

        Raises:
            PostgresMissing, PostgresOtherMajor, PostgresFailed, DiskNearlyFull, DataFolderUnusable: see each.
        """
        assert self._folder.is_taken, "a cluster is touched only under its data folder's lock"
        self._user = cluster_user(self._with.run_as)
        candidates = found_binaries(self._with.bin_dir)
        place = cluster_place(self._folder, self._user, self._with.elsewhere)
        self._cluster = place / "cluster"
        sweep_drafts(place)
        major = cluster_major(self._cluster)
        chosen = fitting(candidates, major, reachable=lambda one: self._user.may_enter(one.postgres))
        self._need_room(place, ROOM_TO_START if major else ROOM_TO_MAKE)
        self._binaries = reachable_binaries(chosen, place, self._user)
        self._password = self._kept_password(is_new=major is None)
        if major is None:
            durable = self._with.settings.get("fsync") != "off"
            make_cluster(self._binaries, self._cluster, self._password, self._user, durable=durable)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_MAX:
            self.log.replace(self.log.with_suffix(".log.1"))

    def launch(self, leaving: threading.Event) -> subprocess.Popen[bytes]:
        """Start PostgreSQL and return once it answers. After the first time it keeps its port, so addresses stay true.

        Call from a thread that lives as long as PostgreSQL shall. `leaving` ends the wait early.

        Raises:
            PostgresFailed: it did not start; the end of its log is among the facts.
            PostgresInUse: somebody else's PostgreSQL runs on the cluster.
            DiskNearlyFull: there is too little room to start.
        """
        self._need_room(self._cluster, ROOM_TO_START)
        may_move, given_up_ns = self._port == 0, self._now_ns() + round(self._with.retry_seconds * 1e9)
        while True:
            self._wait_for_older(leaving)
            if may_move:
                self._port = self._with.free_port()
            began = self.log.stat().st_size if self.log.exists() else 0
            process = self._spawn()
            said = self._until_ready(process, began, leaving)
            if said is None:
                self._greet(process)
                return process
            if leaving.is_set() or self._now_ns() > given_up_ns or not _may_pass(said, may_move=may_move):
                raise PostgresFailed(step="start", exit_code=process.returncode, log_tail=said[-2000:])
            leaving.wait(0.1)

    def _spawn(self) -> subprocess.Popen[bytes]:
        settings = self._with.settings
        return spawn(self._binaries, self._cluster, port=self._port, settings=settings, log=self.log, user=self._user)

    def _until_ready(self, process: subprocess.Popen[bytes], began: int, leaving: threading.Event) -> str | None:
        """Return None once `process` serves, or what its log says when it left or took too long."""
        late_ns = self._now_ns() + round(self._with.ready_seconds * 1e9)
        while process.poll() is None:
            file = read_pid_file(self._cluster)
            # Another's pid there is a stale file our child has not replaced yet.
            if file and file.pid == process.pid and file.status == "ready":
                return None
            if self._now_ns() > late_ns or leaving.is_set():
                end(process)
                break
            leaving.wait(LOOK_EVERY_SECONDS)
        with self.log.open("rb") as log:
            log.seek(began)
            return log.read().decode(errors="replace")

    def _greet(self, process: subprocess.Popen[bytes]) -> None:
        """Make sure our database is there and our password opens it."""
        try:
            with psycopg.connect(libpq_url(self.url.set(database="postgres")), autocommit=True, connect_timeout=10) as connection:
                if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except psycopg.Error as error:
            end(process)
            raise PostgresFailed(step="sign-in", exit_code=process.returncode, log_tail=str(error)) from error

    def _wait_for_older(self, leaving: threading.Event) -> None:
        """Let a PostgreSQL of a life before finish; take away a pid file that is torn, or whose pid is somebody else's by now.

        PostgreSQL itself would take any living process of that number for its rival, and a torn file for one just
        starting. Nobody is ever signalled here: a number read from a file proves nothing. Whether old backends still
        hold the memory is checked by PostgreSQL all the same.
        """
        stale = self._cluster / "postmaster.pid"
        if read_pid_file(self._cluster) is None:
            stale.unlink(missing_ok=True)
        given_up_ns = self._now_ns() + round(self._with.retry_seconds * 1e9)
        while (file := read_pid_file(self._cluster)) is not None and exists(file.pid):
            if not runs_on(file.pid, self._cluster):
                stale.unlink(missing_ok=True)
                return
            if self._now_ns() > given_up_ns or leaving.is_set():
                raise PostgresInUse(pid=file.pid, cluster=str(self._cluster))
            leaving.wait(LOOK_EVERY_SECONDS)

    def _kept_password(self, *, is_new: bool) -> str:
        kept = self._folder.secret(PASSWORD)
        if kept is None and not is_new:
            raise DataFolderUnusable(folder=str(self._folder.path), reason=f"secrets/{PASSWORD} is gone; the cluster needs it")
        if kept is None:
            kept = self._with.secrets.base62(40).encode()
            self._folder.keep_secret(PASSWORD, kept)
        return kept.decode()

    def _need_room(self, path: Path, needed: int) -> None:
        free = self._with.free_bytes(path)
        if free < needed:
            raise DiskNearlyFull(folder=str(self._folder.path), needed_megabytes=needed // MEGABYTE, free_megabytes=free // MEGABYTE)

    def _now_ns(self) -> int:
        return self._with.clock.monotonic_ns()


def end(process: subprocess.Popen[bytes], *, within_seconds: float = 20.0) -> None:
    """Stop PostgreSQL: in order, then at once, then by force. Returns when it is gone."""
    for signal_number, patience in ((signal.SIGINT, within_seconds), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if process.poll() is None:
            process.send_signal(signal_number)
            try:
                process.wait(patience)
            except subprocess.TimeoutExpired:
                continue
        return


def _may_pass(said: str, *, may_move: bool) -> bool:
    """Whether what PostgreSQL died of may be gone in a moment: a raced port, or memory held by dying backends."""
    return "shared memory block" in said or (may_move and "could not bind" in said)
