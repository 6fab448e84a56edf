"""What the kernel tells of this process."""

import os
import threading
from pathlib import Path

from trinity_beast.telemetry import process_facts


def test_a_process_is_told_as_the_kernel_counts_it(tmp_path: Path) -> None:
    before = process_facts()
    with (tmp_path / "one").open("w"), (tmp_path / "two").open("w"):
        during = process_facts()

    assert before.pid == os.getpid()
    assert during.open_files == before.open_files + 2
    assert before.memory_bytes > 1_000_000
    assert before.threads >= threading.active_count()
    assert during.cpu_seconds >= before.cpu_seconds > 0


def test_where_the_kernel_tells_nothing_nothing_is_made_up(tmp_path: Path) -> None:
    facts = process_facts(tmp_path / "gone")

    assert (facts.memory_bytes, facts.threads, facts.open_files) == (0, 0, 0)
