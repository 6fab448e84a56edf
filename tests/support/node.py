"""A second program on a data folder, to be refused, stopped or killed: `python -m tests.support.node DIR BIN_DIR|- [USER]`.

It says in one line of JSON what it did, and stops in order when its input ends.
"""

import json
import os
import pwd
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trinity_beast.errors import TrinityError
from trinity_beast.storage import DataFolder, EmbeddedPostgres, Surroundings

CHECKOUT = Path(__file__).parent.parent.parent
UNSYNCED = {"fsync": "off"}


@dataclass(frozen=True)
class Node:
    """The program as its starter sees it."""

    process: subprocess.Popen[str]
    said: dict[str, Any]

    @property
    def postgres_pid(self) -> int:
        return int(self.said["pid"])

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.communicate()

    def stop(self) -> None:
        """End it in order."""
        self.process.communicate(timeout=30)


def start_node(folder: Path, *, bin_dir: Path | None = None, user: str = "", wait: bool = True) -> Node:
    """Start the program and wait for what it says. `user` is whom it becomes before it does anything."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.node", folder, bin_dir or "-", user],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return Node(process, json.loads(process.stdout.readline()) if wait else {})


def run(path: Path, bin_dir: Path | None, user: str) -> None:
    if user:
        # Only now, with everything imported: the new user may not be able to enter the checkout.
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
        tempfile.tempdir = None
        os.chdir("/")
    try:
        with DataFolder(path) as folder:
            postgres = EmbeddedPostgres(folder, Surroundings(bin_dir=bin_dir, settings=UNSYNCED))
            url = postgres.start()
            sys.stdout.write(json.dumps({"url": url, "pid": postgres.pid}) + "\n")
            sys.stdout.flush()
            sys.stdin.read()
            postgres.stop()
    except TrinityError as error:
        sys.stdout.write(json.dumps({"code": error.code, "told": str(error)}) + "\n")


if __name__ == "__main__":
    run(Path(sys.argv[1]), None if sys.argv[2] == "-" else Path(sys.argv[2]), sys.argv[3])
