"""One run of the price side of a node, fed by the stand-in venues: what was printed, what was taken, what it cost."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.errors import RunBroken
from bench.machine import Cores, pinned
from bench.processes import cpu_ns_by_thread, machine_busy_ns, resident_bytes, run_at_once
from bench.servers import CLOCK, REPOSITORY
from bench.street import Street, listed, street

PATIENCE_SECONDS = 60
WARM_SECONDS = 1.0
SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken over a stretch of time, and what it cost."""

    seconds: float
    frames: int
    trades: int
    node_share: float
    strangers_share: float
    resident_bytes: int
    delays_us: dict[str, float]

    @property
    def frames_per_second(self) -> float:
        """Frames a second."""
        return self.frames / self.seconds

    @property
    def trades_per_second(self) -> float:
        """Trades a second."""
        return self.trades / self.seconds

    @property
    def trades_per_processor_second(self) -> float:
        """Trades for each second of processor time that the node had."""
        return self.trades / self.seconds / self.node_share


def disturbance_of(taken: Taken) -> float:
    """Return how much of a processor went to others meanwhile."""
    return taken.strangers_share


class Fed:
    """A running `bench.intake_node`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        if process.stdin is None or process.stdout is None:
            raise RunBroken("a node is told what to do through pipes")
        self._process, self._orders, self._answers, self.pid = process, process.stdin, process.stdout, process.pid
        self._heard()

    def ask(self, order: str) -> Any:
        """Give an order and return its answer."""
        self._orders.write(order + "\n")
        self._orders.flush()
        return self._heard()

    def wait_until(self, order: str, is_so: Callable[[Any], bool]) -> Any:
        """Ask until the answer is as wanted, and return it.

        Raises:
            RunBroken: it never was.
        """
        ends = CLOCK.monotonic_ns() + PATIENCE_SECONDS * SECOND_NS
        while not is_so(told := self.ask(order)):
            if CLOCK.monotonic_ns() > ends:
                raise RunBroken(f"{order}: {json.dumps(told)[:500]}")
            threading.Event().wait(0.05)
        return told

    def _heard(self) -> Any:
        line = self._answers.readline()
        if not line:
            raise RunBroken("the node left; its own words are above")
        return json.loads(line)


@contextmanager
def fed(cores: Cores, reader: str, *, symbols: int, timed: bool = False) -> Iterator[tuple[Fed, Street]]:
    """Run the stand-ins on the client's processor and a node that listens to them on the server's, everything asked for."""
    with street(cores.client, listed(symbols)) as venues:
        words = [sys.executable, "-m", "bench.intake_node", "--ports", json.dumps(venues.ports), "--symbols", str(symbols)]
        words += ["--reader", reader, *(["--timed"] if timed else [])]
        process = subprocess.Popen(
            pinned(cores.server, *words), cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )  # fmt: skip
        try:
            node = Fed(process)
            node.wait_until("held", lambda held: held >= symbols)
            yield node, venues
        finally:
            process.kill()
            process.communicate(timeout=PATIENCE_SECONDS)


def measured(cores: Cores, reader: str, *, seconds: float, symbols: int, rate: float = 0.0, timed: bool = False) -> Taken:
    """Feed a node for a while, `rate` frames a second or as many as it takes, and hold it to all of them in the end.

    Raises:
        RunBroken: a frame or trade was lost, or an asset does not answer with the last price printed of it.
    """
    with fed(cores, reader, symbols=symbols, timed=timed) as (node, venues):
        if timed:
            run_at_once([node.pid, venues.pid])
        venues.go(rate)
        # The first trade of each symbol is read in Python, at a slow pace after some seconds: until then nothing is measured.
        threading.Event().wait(WARM_SECONDS + (3.0 * symbols / rate if rate else 0.0))
        if timed:
            node.ask("delays")
        before, at_first = node.ask("count"), _spent(node.pid, venues.pid)
        threading.Event().wait(seconds)
        after, at_last = node.ask("count"), _spent(node.pid, venues.pid)
        delays = node.ask("delays") if timed else {}
        resident = resident_bytes(node.pid)
        _hold_to_account(node, venues, reader)
    clock_ns, ours_ns, theirs_ns, busy_ns = (late - early for late, early in zip(at_last, at_first, strict=True))
    return Taken(
        seconds=clock_ns / SECOND_NS,
        frames=after["frames"] - before["frames"],
        trades=after["trades"] - before["trades"],
        node_share=ours_ns / clock_ns,
        strangers_share=max(0, busy_ns - ours_ns - theirs_ns) / clock_ns,
        resident_bytes=resident,
        delays_us=delays,
    )


def _spent(pid: int, other_pid: int) -> tuple[int, int, int, int]:
    ours, theirs = (sum(spent for _, spent in cpu_ns_by_thread(one)) for one in (pid, other_pid))
    return CLOCK.monotonic_ns(), ours, theirs, machine_busy_ns()


def _hold_to_account(node: Fed, venues: Street, reader: str) -> None:
    printed = venues.still()
    counts = node.wait_until("count", lambda counts: counts["frames"] == printed["frames"])
    if reader == "discard":
        return
    if counts["trades"] != printed["trades"] or counts["odd"]:
        raise RunBroken(f"of {printed['trades']} trades {counts['trades']} were taken, {counts['odd']} were odd: {json.dumps(counts)}")
    last = {(one.venue, one.asset): printed["last"][one.venue][one.symbol] for one in listed(sum(map(len, printed["last"].values())))}
    for asset, (venue, price) in node.ask("prices").items():
        if last[venue, asset] != price:
            raise RunBroken(f"{asset} answers {price}, {venue} printed {last[venue, asset]} last")
