"""What this process takes of its machine, as the kernel counts it."""

import os
import re
import resource
from dataclasses import dataclass
from pathlib import Path

KIB = 1_024
_MEMORY, _THREADS = re.compile(r"^VmRSS:\s*(\d+) kB$", re.MULTILINE), re.compile(r"^Threads:\s*(\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ProcessFacts:
    """A process at one moment. Memory is what it has in memory, files it has mapped included; processor time since it started."""

    pid: int
    memory_bytes: int
    threads: int
    open_files: int
    cpu_seconds: float


def process_facts(proc: Path = Path("/proc/self")) -> ProcessFacts:
    """Return this process as it stands; what the kernel does not tell is 0."""
    try:
        status, files = (proc / "status").read_text(encoding="ascii", errors="replace"), _open_files(proc / "fd")
    except OSError:
        status, files = "", 0
    memory, threads = _MEMORY.search(status), _THREADS.search(status)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return ProcessFacts(
        pid=os.getpid(),
        memory_bytes=int(memory[1]) * KIB if memory else 0,
        threads=int(threads[1]) if threads else 0,
        open_files=files,
        cpu_seconds=round(used.ru_utime + used.ru_stime, 3),
    )


def _open_files(folder: Path) -> int:
    # Newer kernels tell the number as the folder's size; to list ten thousand connections each time would take milliseconds.
    return folder.stat().st_size or sum(1 for _ in folder.iterdir())
