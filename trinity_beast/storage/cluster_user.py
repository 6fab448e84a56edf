"""Who PostgreSQL runs as. It refuses to be root, so where we are root it is started as somebody lesser."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from trinity_beast.storage.errors import DataFolderUnusable

CANDIDATES = ("postgres", "nobody")


class Dropped(TypedDict, total=False):
    """What `subprocess` must be told to start a child as somebody else; empty when it stays who we are."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class ClusterUser:
    """The user PostgreSQL runs as. `uid` None means ourselves."""

    name: str
    uid: int | None = None
    gid: int | None = None

    @property
    def dropped(self) -> Dropped:
        """Arguments for `subprocess` that start a child as this user."""
        if self.uid is None or self.gid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def may_enter(self, path: Path) -> bool:
        """Whether this user can reach and enter (or run) `path`. Asked of the system, so that every kind of permission counts."""
        if self.uid is None:
            return os.access(path, os.X_OK)
        return subprocess.run(["/usr/bin/test", "-x", path], cwd="/", timeout=10, check=False, **self.dropped).returncode == 0

    def first_closed(self, path: Path) -> Path | None:
        """Return the first folder on the way to `path` that this user may not enter, or None."""
        return next((step for step in [*reversed(path.parents), path] if step.exists() and not self.may_enter(step)), None)

    def own(self, path: Path) -> None:
        """Make `path` this user's."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def cluster_user(wanted: str | None = None) -> ClusterUser:
    """Return who PostgreSQL shall run as: ourselves, or where we are root `wanted`, else postgres, else nobody.

    Raises:
        DataFolderUnusable: we are root and none of them exists.
    """
    if os.geteuid() != 0:
        return ClusterUser(name="ourselves")
    for name in (wanted,) if wanted else CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return ClusterUser(name, entry.pw_uid, entry.pw_gid)
    raise DataFolderUnusable(
        reason="PostgreSQL does not run as root, and there is no lesser user", looked_for=wanted or " or ".join(CANDIDATES)
    )
