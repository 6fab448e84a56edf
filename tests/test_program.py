"""The program as it is started: what it says of itself, and what a start leaves behind."""

import subprocess
import sys

from typer.testing import CliRunner

from trinity_beast.cli import beast
from trinity_beast.version import VERSION

COLLECTOR_AFTER_START = "import gc, trinity_beast.__main__; print(gc.isenabled(), gc.get_freeze_count() > 100_000)"


def test_the_version_is_told_without_a_verb() -> None:
    told = CliRunner().invoke(beast, ["--version"])

    assert (told.exit_code, told.output) == (0, f"{VERSION}\n")


def test_the_collector_works_again_after_the_start_and_leaves_what_was_imported_alone() -> None:
    told = subprocess.run([sys.executable, "-c", COLLECTOR_AFTER_START], capture_output=True, check=True, text=True, timeout=60)

    assert told.stdout.split() == ["True", "True"]
