"""One run of PostgreSQL: a child that dies with us, and the file by which it says how it fares."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from trinity_beast.storage.binaries import Binaries
from trinity_beast.storage.cluster_user import ClusterUser

PR_SET_PDEATHSIG = 1
BARE_ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
"""PostgreSQL sees nothing of our environment: a stray PGPORT or locale must not change what we start."""

_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class PidFile:
    """What `postmaster.pid` says. It outlives its writer, so its pid may belong to anybody by now."""

    pid: int
    status: str


def read_pid_file(cluster: Path) -> PidFile | None:
    """Return what the cluster's pid file says, or None where there is none or it is half-written."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
        return PidFile(int(lines[0]), lines[7].strip() if len(lines) > 7 else "")
    except (OSError, ValueError, IndexError):
        return None


def runs_on(pid: int, cluster: Path) -> bool:
    """Whether `pid` is a PostgreSQL working on `cluster`, rather than whoever has got that number since."""
    process = Path("/proc") / str(pid)
    try:
        return (process / "cwd").samefile(cluster)  # A postmaster works from its data folder.
    except OSError:
        pass  # Not ours to look into, as in containers where root may not trace: its command line is open to all.
    try:
        return os.fsencode(cluster) in (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def exists(pid: int) -> bool:
    """Whether any process has this pid. Never sends it a signal, not even the empty one."""
    return (Path("/proc") / str(pid)).exists()


def spawn(
    binaries: Binaries, cluster: Path, *, port: int, settings: Mapping[str, str], log: Path, user: ClusterUser
) -> subprocess.Popen[bytes]:
    """Start PostgreSQL on `cluster`. It shuts down in order when the calling *thread* ends, so call from one that lasts.

    Its own session keeps a Ctrl-C on our terminal from reaching it before we have stopped what uses it.
    """
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",  # A socket's path may be 107 bytes long; a data folder's may be longer.
        "timezone": "UTC",
        "log_timezone": "UTC",
        "lc_messages": "C",
        "log_checkpoints": "off",
        **settings,
    }
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with log.open("ab") as output:
        return subprocess.Popen(
            [binaries.postgres, "-D", cluster, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            env=BARE_ENVIRONMENT,
            start_new_session=True,
            preexec_fn=dying_with(os.getpid(), signal.SIGINT),  # noqa: PLW1509 - The only way to be told; it does next to nothing.
            **user.dropped,
        )


def dying_with(parent: int, signal_number: signal.Signals) -> Callable[[], None]:
    """Return what a child runs before exec so that it gets `signal_number` when the thread that made it ends.

    The kernel forgets the wish when a process changes its user, which is why this runs after `subprocess` has dropped
    it. It does as little as can be: after a fork beside other threads hardly anything is safe. Where there is no such
    signal (macOS), the child stays; the next start finds it by its pid file.
    """
    prctl, getppid, leave, number = getattr(_libc, "prctl", None), os.getppid, os._exit, int(signal_number)
    if prctl is None or not sys.platform.startswith("linux"):
        return lambda: None

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
        if getppid() != parent:
            leave(1)  # We died before the wish was made; nobody would send the signal.

    return ask
