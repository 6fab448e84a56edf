"""A rehearsal that is ended early leaves nothing behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.rehearsal.watching import children_of, is_node
from tests.support.places import own_place
from tests.support.processes import lives, wait_for_end, wait_until

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_a_rehearsal_that_is_told_to_end_takes_its_node_and_its_folders_along() -> None:
    with own_place() as place:
        process = subprocess.Popen(
            [sys.executable, "-m", "trinity_beast", "rehearse", "feeds", "--venues", "coinbase"],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": str(place)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: any(map(is_node, children_of(process.pid))), "a node", within_seconds=60)
            node = next(filter(is_node, children_of(process.pid)))
            wait_until(lambda: bool(list(place.glob("beast-rehearsal-*/ready.json"))), "a node that is ready", within_seconds=60)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) != 0
            wait_for_end(node)
            assert not lives(node)
            assert list(place.glob("beast-*")) == []
        finally:
            if process.poll() is None:
                process.kill()
                process.wait(30)
