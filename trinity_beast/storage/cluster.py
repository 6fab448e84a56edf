"""A cluster on disk: made whole or not at all, and asked what it is."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from trinity_beast.storage.binaries import Binaries
from trinity_beast.storage.cluster_user import ClusterUser
from trinity_beast.storage.errors import PostgresFailed
from trinity_beast.storage.postmaster import BARE_ENVIRONMENT, dying_with

OWNER = "beast"
DRAFT = "cluster.making-"


def cluster_major(cluster: Path) -> int | None:
    """Return the major version that made `cluster`, or None when there is none yet."""
    try:
        return int((cluster / "PG_VERSION").read_text())
    except (FileNotFoundError, ValueError):
        return None


def sweep_drafts(place: Path) -> list[Path]:
    """Remove what interrupted starts left half-made, and return it. Call only under the data folder's lock."""
    drafts = [*place.glob(f"{DRAFT}*"), *place.glob("binaries.making-*")]
    for draft in drafts:
        shutil.rmtree(draft, ignore_errors=True)
    return drafts


def make_cluster(binaries: Binaries, cluster: Path, password: str, user: ClusterUser, *, durable: bool = True) -> None:
    """Make a cluster that only who knows `password` can enter. It appears under its name when it is whole and, if `durable`, on disk.

    Raises:
        PostgresFailed: initdb failed; what it said is among the facts.
    """
    draft = Path(tempfile.mkdtemp(dir=cluster.parent, prefix=DRAFT))
    password_file = draft / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    for path in (draft, password_file):
        user.own(path)
    command: list[str | Path] = [binaries.initdb, "-D", draft / "data", "-U", OWNER, "-A", "scram-sha-256", f"--pwfile={password_file}"]
    shape = ["-E", "UTF8", "--locale=C.UTF-8", "--data-checksums", *([] if durable else ["--no-sync"])]
    made = subprocess.run(
        [*command, *shape],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
        cwd="/",
        env=BARE_ENVIRONMENT,
        preexec_fn=dying_with(os.getpid(), signal.SIGKILL),
        **user.dropped,
    )
    if made.returncode != 0:
        shutil.rmtree(draft, ignore_errors=True)
        raise PostgresFailed(step="initdb", exit_code=made.returncode, log_tail=made.stderr[-2000:])
    password_file.unlink()
    (draft / "data").rename(cluster)
    draft.rmdir()
