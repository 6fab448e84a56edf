"""The machine and the versions a figure belongs to, and which processor plays which part."""

import os
import platform
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchImpossible


@dataclass(frozen=True, slots=True)
class Cores:
    """One processor for the server under test, another for the client. Nothing of ours runs on a third."""

    server: int
    client: int

    @classmethod
    def of_this_process(cls) -> "Cores":
        """Take the first two processors we may run on.

        Raises:
            BenchImpossible: there is only one.
        """
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) < 2:
            raise BenchImpossible("the benches want two processors, one for the server and one for the client")
        return cls(server=allowed[0], client=allowed[1])


def pinned(core: int, *words: str) -> list[str]:
    """Return a command line that runs `words` on one processor."""
    return ["taskset", "--cpu-list", str(core), *words]


def description() -> list[str]:
    """Return what a reader needs to place the figures: lines of `name: fact`."""
    return [
        f"processor: {_processor()}, {os.cpu_count()} in all, load {os.getloadavg()[0]:.2f} as we start",
        f"memory: {_memory_megabytes()} MB; kernel {platform.release()}",
        f"python {platform.python_version()}; {_first_line('rustc', '--version')}; {_first_line('cc', '--version')}",
        f"{_first_line('nginx', '-v')}; {_first_line('wrk', '-v')}",
    ]


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _memory_megabytes() -> int:
    found = re.search(r"MemTotal:\s*(\d+) kB", Path("/proc/meminfo").read_text())
    return int(found[1]) // 1024 if found else 0


def _first_line(*words: str) -> str:
    try:
        # Exit codes are not looked at: wrk says its version and fails.
        done = subprocess.run(words, capture_output=True, text=True, timeout=10, check=False)
    except FileNotFoundError:
        return f"{words[0]} absent"
    return ((done.stdout or done.stderr).splitlines() or [words[0]])[0].split(" Copyright")[0].strip()
