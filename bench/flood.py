"""A million random keys over HTTP and UDP at a whole node: what it costs the callers with good ones, the store and memory.

Each key is well-formed, checksum and all, and used once, so whoever takes it for one has to look it up. First they come from
one address, which the node soon stops looking up for; then from 4,000, which is within what each of them may try. Each
round comes from addresses that have not been paused yet. Fifty thousand requests a second cost others something whatever
they carry, the generator too, so the reference is the same crowd without keys.
"""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.effort import Effort
from bench.figures import Figure, Rounds, Target, alternating, ratios
from bench.generator import Generator, Run, disturbance_of
from bench.machine import Cores
from bench.processes import raise_file_limit, resident_bytes, resident_bytes_most
from bench.servers import ask_line, sample_body
from bench.whole_node import WholeNode, counters_of, issue_key, node_in

RATE = 2_000.0
KEYS = 1_000_000
KEYS_PER_SECOND = 50_000.0
MANY_ADDRESSES = 4_000
SPARE_FILES = 2_000
MEGABYTE = 1_000_000
P99_TARGET = Target(1_000.0, is_absolute=True)
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
            key = issue_key(Path(folder), "--tier", "internal")
            yield from _flooded(cores, running, key, Flood(keys / effort.rounds / KEYS_PER_SECOND, effort.rounds, addresses))


@dataclass(frozen=True, slots=True)
class Flood:
    """So many rounds of so many seconds, from so many addresses."""

    seconds: float
    rounds: int
    addresses: int


def _flooded(cores: Cores, running: WholeNode, key: str, flood: Flood) -> Iterator[Figure]:
    http_port, udp_port, health_port = (running.port(name) for name in ("price", "price_udp", "price_health"))
    sample_body(http_port, key)
    load = Generator(cores, port=http_port, request=ask_line(key, http_port), pids=[running.pid])
    resident, counted = resident_bytes(running.pid), counters_of(health_port)
    floods: list[Run] = []

    def crowded(*, is_keyless: bool) -> Run:
        return load.flooded(
            seconds=flood.seconds,
            rate=RATE,
            flood_port=udp_port,
            flood_rate=KEYS_PER_SECOND,
            addresses=flood.addresses,
            is_keyless=is_keyless,
        )

    def flooded() -> Run:
        floods.append(crowded(is_keyless=False))
        return floods[-1]

    sides = {"alone": lambda: load.open(seconds=flood.seconds, rate=RATE), "keyless": lambda: crowded(is_keyless=True), "flooded": flooded}
    # What the machine does beside falls on all sides of a round alike.
    rounds = alternating(flood.rounds, sides, disturbance_of)
    grown, looks = resident_bytes_most(running.pid) - resident, counters_of(health_port)
    yield from rounds.marked(_told(rounds, running.pid, f"{flood.addresses:,} address{'es' if flood.addresses > 1 else ''}"))
    asked = looks["questions_asked"] - counted["questions_asked"]
    tried = sum(run.crowd["keys_http"] + run.crowd["keys_udp"] for run in floods)
    yield Figure("  keys looked up for each random key", (asked / tried,), "", LOOKS_TARGET)
    yield Figure("  resident at its most, more than before the flood", (grown / MEGABYTE,), "MB", MEMORY_TARGET)


def _told(rounds: Rounds[Run], pid: int, whence: str) -> Iterator[Figure]:
    alone, keyless, flooded = ([run.latency.p99 for run in rounds[side]] for side in ("alone", "keyless", "flooded"))
    yield Figure(f"from {whence}: p99 of good keys alone", tuple(alone), "µs")
    yield Figure(f"from {whence}: p99 beside as many without a key", tuple(keyless), "µs")
    yield Figure(f"from {whence}: p99 of good keys in the flood", tuple(flooded), "µs", P99_TARGET)
    yield Figure("  p99, random keys over none, round by round", ratios(flooded, keyless), "x")
    yield Figure("  node's share of a processor, beside as many without a key", tuple(run.share([pid]) for run in rounds["keyless"]), "")
    yield Figure("  node's share of a processor, in the flood", tuple(run.share([pid]) for run in rounds["flooded"]), "")
    for deed in rounds["flooded"][0].crowd:
        yield Figure(f"  flood: {deed.replace('_', ' ')}", (float(sum(run.crowd[deed] for run in rounds["flooded"])),), "")
