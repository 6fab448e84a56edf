"""A whole node whose metering is watched: how many answers it has recorded, and how many of them can be asked for in the database."""

import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import psycopg

from bench.errors import RunBroken
from bench.generator import Generator
from bench.machine import Cores
from bench.processes import level_with_others, standing_still, tree_of
from bench.servers import ask_line, sample_body
from bench.whole_node import CLOCK, WholeNode, counters_of, issue_key, metrics_of, node_in

SECOND_NS = 1_000_000_000
LOOK_SECONDS = 0.1
DRAINED_WITHIN_SECONDS = 300.0


class Seen(NamedTuple):
    """At one moment: answers recorded, and rows there to be asked for."""

    seconds: float
    recorded: int
    stored: int


@dataclass(frozen=True, slots=True)
class MeteredNode:
    """A node, a load for it, and the way to its database."""

    node: WholeNode
    load: Generator
    database: psycopg.Connection[tuple[int]]
    postmaster: int

    def look(self) -> Seen:
        """Look at both; stored first, so that what is told of the lag is never too little."""
        row = self.database.execute("SELECT coalesce(sum(requests), 0) FROM usage_key_days").fetchone()
        recorded = counters_of(self.node.port("price_health"))["usage_recorded"]
        return Seen(CLOCK.monotonic_ns() / SECOND_NS, recorded, int(row[0]) if row else 0)

    def watch(self, goes_on: Callable[[], bool]) -> list[Seen]:
        """Look ten times a second for as long as `goes_on`."""
        seen, pause = [self.look()], threading.Event()
        while goes_on():
            pause.wait(LOOK_SECONDS)
            seen.append(self.look())
        return seen

    def drained(self) -> list[Seen]:
        """Watch until everything recorded is stored.

        Raises:
            RunBroken: it is not in time, or more is stored than was recorded.
        """
        ends = CLOCK.monotonic_ns() / SECOND_NS + DRAINED_WITHIN_SECONDS
        seen = [self.look()]
        while seen[-1].stored != seen[-1].recorded:
            if seen[-1].seconds > ends or seen[-1].stored > self.look().recorded:
                raise RunBroken(f"of {seen[-1].recorded} recorded answers {seen[-1].stored} were stored")
            threading.Event().wait(LOOK_SECONDS)
            seen.append(self.look())
        lost = counters_of(self.node.port("price_health"))["usage_lost"]
        if lost:
            raise RunBroken(f"{lost} records were lost")
        return seen

    def backlog(self) -> tuple[float, float]:
        """Return bytes and records that wait on disk, as the shipper saw them last."""
        told = metrics_of(self.node.port("price_health"))
        return told["beast_usage_backlog_bytes"], told["beast_usage_backlog_records"]

    def database_frozen(self) -> AbstractContextManager[None]:
        """Stop PostgreSQL where it stands for the length of a block: connections stay open, nothing is answered.

        Each of its processes leads a group of its own; the first is stopped first, so that no further ones come.
        """
        return standing_still(pid for pid, _ in tree_of(self.postmaster))


@contextmanager
def metered_node(cores: Cores) -> Iterator[MeteredNode]:
    """Run a node with stand-in venues in a folder of its own, and a load of good requests for it."""
    with tempfile.TemporaryDirectory(prefix="beast-bench-") as folder, node_in(Path(folder)) as node, level_with_others():
        key, port = issue_key(Path(folder), "--tier", "internal"), node.port("price")
        sample_body(port, key)
        data = Path(folder) / "data"
        url = (data / "run" / "database-url").read_text().strip()
        postmaster = int((data / "postgres" / "cluster" / "postmaster.pid").read_text().split()[0])
        with psycopg.connect(url, autocommit=True) as database:
            yield MeteredNode(node, Generator(cores, port=port, request=ask_line(key, port), pids=[node.pid]), database, postmaster)
