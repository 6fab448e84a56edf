"""Memory: what a price node holds resident, and what ten thousand idle connections add to it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack

from bench.effort import Effort
from bench.errors import RunBroken
from bench.figures import Figure, Target
from bench.machine import Cores
from bench.processes import raise_file_limit, resident_bytes
from bench.servers import CLOCK, PATIENCE_SECONDS, Node, ask_line, node, sample_body
from bench.whole_node import node_beside_a_lab

MEGABYTE = 1_000_000
NODE_TARGET = Target(200.0)
IDLE_TARGET = Target(40.0)
SPARE_FILES = 200


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: a connection was cut or not answered.
    """
    wanted = effort.connections_idle
    allowed = raise_file_limit(wanted + SPARE_FILES) - SPARE_FILES
    count = min(wanted, allowed)
    for told, asking in (("that never asked", False), ("that asked once", True)):
        # A fresh engine each time: memory that one crowd gave back to the allocator would hide what the next one takes.
        with node(core=cores.server) as engine:
            sample_body(engine.http_port, engine.key)
            if not asking:
                yield Figure("engine with 150 assets, no feeds, no pages: resident", (resident_bytes(engine.pid) / MEGABYTE,), "MB")
            added = _cost_of_idle(engine, count, asking=asking) / MEGABYTE
            yield Figure(f"{count:,} idle connections {told}: resident", (added * 10_000 / count,), "MB per 10,000", IDLE_TARGET)
    with node_beside_a_lab() as running:
        yield Figure("price node with six exchanges: resident", (resident_bytes(running.pid) / MEGABYTE,), "MB", NODE_TARGET)


def _cost_of_idle(engine: Node, count: int, *, asking: bool) -> int:
    request = ask_line(engine.key, engine.http_port)
    before = resident_bytes(engine.pid)
    with ExitStack() as open_ones:
        callers = [open_ones.enter_context(socket.create_connection(("127.0.0.1", engine.http_port), timeout=10)) for _ in range(count)]
        if asking:
            for caller in callers:
                caller.sendall(request)
            for caller in callers:
                _read_answer(caller)
        _wait_until_open(engine, count)
        return resident_bytes(engine.pid) - before


def _read_answer(caller: socket.socket) -> None:
    head = caller.recv(16_384)
    if not head.startswith(b"HTTP/1.1 200"):
        raise RunBroken(f"an idle connection was told {head[:80]!r}")


def _wait_until_open(engine: Node, count: int) -> None:
    """Wait for the engine to have accepted all: a connection is made, for its caller, before it is taken out of the queue."""
    ends = CLOCK.monotonic_ns() + PATIENCE_SECONDS * 1_000_000_000
    while (held := engine.counters()["connections_open"]) < count:
        if CLOCK.monotonic_ns() > ends:
            raise RunBroken(f"{count} connections were made, {held} are open")
        threading.Event().wait(0.02)
