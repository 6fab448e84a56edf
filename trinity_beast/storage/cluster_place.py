"""Where the cluster lies: in the data folder, or, where its user cannot reach that, beside all of them in /var/lib."""

import re
import shutil
import tempfile
from pathlib import Path

from trinity_beast.storage.binaries import Binaries
from trinity_beast.storage.cluster_user import ClusterUser
from trinity_beast.storage.errors import DataFolderUnusable
from trinity_beast.storage.folder import DataFolder

ELSEWHERE = Path("/var/lib/trinity-beast")
NAME_CHARACTERS_MAX = 60


def cluster_place(folder: DataFolder, user: ClusterUser, elsewhere: Path = ELSEWHERE) -> Path:
    """Return the folder that holds the cluster, made if need be, which `user` owns and can reach.

    We are often started as root from a folder nobody else may enter, such as /root. Opening that folder to everyone is
    not ours to do, so the cluster then lies in `elsewhere`, and a link in the data folder says where.

    Raises:
        DataFolderUnusable: `user` can reach neither.
    """
    inside = folder.postgres
    if inside.is_symlink():
        return _checked(inside.resolve(), user)
    if user.gid is not None:
        # The data folder is ours: its group may pass through, and see nothing of it.
        shutil.chown(folder.path, group=user.gid)
        folder.path.chmod(0o710)
        if not inside.exists() and user.first_closed(folder.path) is not None:
            inside.symlink_to(_made_elsewhere(elsewhere, folder.path, user), target_is_directory=True)
            return inside.resolve()
    inside.mkdir(mode=0o700, exist_ok=True)
    user.own(inside)
    return _checked(inside.resolve(), user)


def reachable_binaries(binaries: Binaries, place: Path, user: ClusterUser) -> Binaries:
    """Return `binaries` where `user` can run them: as they are, or copied into the cluster's place."""
    if user.may_enter(binaries.postgres) or binaries.root is None:
        return binaries
    copies = place / f"binaries-{binaries.major}"
    copied = Binaries(copies / binaries.folder.relative_to(binaries.root), binaries.major)
    if not copied.postgres.exists():
        draft = Path(tempfile.mkdtemp(dir=place, prefix="binaries.making-"))
        draft.chmod(0o755)
        for tree in binaries.trees:
            if (binaries.root / tree).exists():
                shutil.copytree(binaries.root / tree, draft / tree)
        draft.rename(copies)
    return copied


def _made_elsewhere(elsewhere: Path, data_folder: Path, user: ClusterUser) -> Path:
    """Make a place named after the data folder, so that whoever removes that sees what goes with it.

    Nothing here is ever removed by us: a data folder that is gone may have been moved, or lie on a disk not mounted.
    """
    elsewhere.mkdir(mode=0o755, parents=True, exist_ok=True)
    name = re.sub(r"[^A-Za-z0-9]+", "-", str(data_folder)).strip("-")[-NAME_CHARACTERS_MAX:]
    place = Path(tempfile.mkdtemp(dir=elsewhere, prefix=f"{name}-"))
    user.own(place)
    return _checked(place, user)


def _checked(place: Path, user: ClusterUser) -> Path:
    closed = user.first_closed(place)
    if closed is not None:
        raise DataFolderUnusable(folder=str(place), reason=f"user {user.name}, whom PostgreSQL runs as, may not enter {closed}")
    return place
