"""Start: how long `beast serve` takes from the command to its last listener, with everything built and the data folder there."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.effort import Effort
from bench.figures import Figure, Target
from bench.machine import Cores
from bench.servers import CLOCK
from bench.whole_node import node_in

WARM_TARGET = Target(5.0)
SECOND_NS = 1_000_000_000


def bench(_cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: it left, or was not ready in time.
    """
    with tempfile.TemporaryDirectory(prefix="beast-bench-") as folder:
        seconds = [_started(Path(folder)) for _ in range(1 + effort.rounds)]
    yield Figure("start in a new data folder, until every listener answers", (seconds[0],), "s")
    yield Figure("warm start, until every listener answers", tuple(seconds[1:]), "s", WARM_TARGET)


def _started(folder: Path) -> float:
    began_ns = CLOCK.monotonic_ns()
    with node_in(folder):
        return (CLOCK.monotonic_ns() - began_ns) / SECOND_NS
