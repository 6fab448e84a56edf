"""Processes of ours, as the kernel counts them."""

import os
import re
import resource
import signal
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path


def cpu_ns_by_thread(pid: int) -> list[tuple[str, int]]:
    """Return each thread's name and the processor time it has had, in nanoseconds."""
    found = []
    for folder in Path(f"/proc/{pid}/task").iterdir():
        try:
            found.append(((folder / "comm").read_text().strip(), int((folder / "schedstat").read_text().split()[0])))
        except FileNotFoundError:
            continue  # The thread ended between the listing and the reading.
    return found


def nice_values(pid: int, thread_prefix: str) -> list[int]:
    """Return the nice values of the threads whose name begins so."""
    found = []
    for folder in Path(f"/proc/{pid}/task").iterdir():
        _, _, rest = (folder / "stat").read_text().rpartition(")")
        if (folder / "comm").read_text().startswith(thread_prefix):
            found.append(int(rest.split()[16]))
    return found


def ended_children_cpu_ns() -> int:
    """Return the processor time of our children that have ended, in nanoseconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return int((used.ru_utime + used.ru_stime) * 1e9)


def machine_busy_ns() -> int:
    """Return how long the machine's processors have been busy or taken from it, in nanoseconds."""
    user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, Path("/proc/stat").read_text().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * 10_000_000


def resident_bytes(pid: int) -> int:
    """Return the memory a process holds resident."""
    return _told_of_memory(pid, "VmRSS")


def resident_bytes_most(pid: int) -> int:
    """Return the most memory a process has ever held resident."""
    return _told_of_memory(pid, "VmHWM")


def _told_of_memory(pid: int, name: str) -> int:
    found = re.search(rf"{name}:\s*(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def tree_of(pid: int) -> Iterator[tuple[int, str]]:
    """Yield a process and all that came of it, each with its name."""
    yield pid, Path(f"/proc/{pid}/comm").read_text().strip()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from tree_of(int(child))


def raise_file_limit(wanted: int) -> int:
    """Let this process and its children open `wanted` files, or as many as it may; return how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft >= wanted:
        return soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except (ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, wanted), hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@contextmanager
def ahead_of_others() -> Iterator[bool]:
    """Let this session's processes, all of them alike, go before the machine's other work; whether we may.

    The scheduler groups processes by session (autogroup), and a nice value counts inside its group only: it is the
    group that must be raised. Among ourselves nothing changes.
    """
    group = Path("/proc/self/autogroup")
    raised = False
    with suppress(OSError):
        group.write_text("-19")
        raised = True
    try:
        yield raised
    finally:
        if raised:
            group.write_text("0")


def run_at_once(pids: Sequence[int]) -> bool:
    """Let processes run as soon as they have something to do, whoever else is running; whether we may.

    For latencies only: who has much to do would be throttled. Without it a wake-up on a busy machine waits for the end of a
    stranger's slice, which is milliseconds.
    """
    try:
        for pid in pids:
            for task in Path(f"/proc/{pid}/task").iterdir():
                os.sched_setscheduler(int(task.name), os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        return False
    return True


@contextmanager
def level_with_others() -> Iterator[None]:
    """Give up within a block what `ahead_of_others` took.

    PostgreSQL puts each of its processes into a session of its own. Beside a session that was raised they would hardly run.
    """
    group = Path("/proc/self/autogroup")
    try:
        held = int(group.read_text().split()[-1])
        group.write_text("0")
    except (OSError, ValueError, IndexError):
        yield
        return
    try:
        yield
    finally:
        group.write_text(str(held))


@contextmanager
def standing_still(pids: Iterable[int]) -> Iterator[None]:
    """Stop processes for a while. Each stands before the next is asked for."""
    stopped: list[int] = []
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
            stopped.append(pid)
        yield
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def pinned_self(core: int) -> Iterator[None]:
    """Run this process on one processor for the length of a block."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
