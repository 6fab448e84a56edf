"""A million random keys over HTTP and UDP at a whole node: what it costs the callers with good ones, the store and memory.

Each key is well-formed, checksum and all, and used once, so whoever takes it for one has to look it up. First they come from
one address, which the node soon stops looking up for; then from 4,000, which is within what each of them may try.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.effort import Effort
from bench.figures import Figure, Target
from bench.generator import Generator, Run
from bench.machine import Cores
from bench.processes import raise_file_limit, resident_bytes
from bench.servers import ask_line, sample_body
from bench.whole_node import WholeNode, counters_of, good_key, node_in

RATE = 2_000.0
KEYS = 1_000_000
KEYS_PER_SECOND = 50_000.0
MANY_ADDRESSES = 4_000
SPARE_FILES = 2_000
MEGABYTE = 1_000_000
LOOKS_TARGET = Target(1.0)
MEMORY_TARGET = Target(64.0)


def bench(cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: a request with a good key was not answered, or not with a price.
    """
    raise_file_limit(2 * MANY_ADDRESSES + SPARE_FILES)
    keys = KEYS if effort.seconds >= Effort.thorough().seconds else KEYS // 10
    for addresses in (1, MANY_ADDRESSES):
        # A fresh node each time: what one flood left behind would hide what the next one takes.
        with tempfile.TemporaryDirectory(prefix="beast-bench-") as folder, node_in(Path(folder)) as running:
            yield from _flooded(cores, running, Path(folder), keys, addresses)


def _flooded(cores: Cores, running: WholeNode, folder: Path, keys: int, addresses: int) -> Iterator[Figure]:
    http_port, udp_port, health_port = (running.port(name) for name in ("price", "price_udp", "price_health"))
    key = good_key(folder)
    sample_body(http_port, key)
    load = Generator(cores, port=http_port, request=ask_line(key, http_port), pids=[running.pid])
    seconds = keys / KEYS_PER_SECOND
    alone = load.open(seconds=min(seconds, 5.0), rate=RATE)
    resident, counted = resident_bytes(running.pid), counters_of(health_port)
    flooded = load.flooded(seconds=seconds, rate=RATE, flood_port=udp_port, flood_rate=KEYS_PER_SECOND, addresses=addresses)
    grown, looks = resident_bytes(running.pid) - resident, counters_of(health_port)
    yield from _told(alone, flooded, running.pid, f"{addresses:,} address{'es' if addresses > 1 else ''}")
    tried = flooded.crowd["keys_http"] + flooded.crowd["keys_udp"]
    asked = looks["questions_asked"] - counted["questions_asked"]
    yield Figure("  keys looked up for each random key", (asked / tried,), "", LOOKS_TARGET)
    yield Figure("  resident, more than before the flood", (grown / MEGABYTE,), "MB", MEMORY_TARGET)


def _told(alone: Run, flooded: Run, pid: int, whence: str) -> Iterator[Figure]:
    yield Figure(f"from {whence}: p99 of good keys alone", (alone.latency.p99,), "µs")
    yield Figure(f"from {whence}: p99 of good keys in the flood", (flooded.latency.p99,), "µs")
    yield Figure("  p99, flood over alone", (flooded.latency.p99 / alone.latency.p99,), "x")
    yield Figure("  node's share of a processor, in the flood", (flooded.share([pid]),), "")
    for deed, count in flooded.crowd.items():
        yield Figure(f"  flood: {deed.replace('_', ' ')}", (float(count),), "")
