"""The load generators: ours, compiled, and wrk to check it by."""

import json
import re
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import RunBroken
from bench.machine import Cores, pinned
from bench.processes import cpu_ns_by_thread, ended_children_cpu_ns, machine_busy_ns
from bench.supplies import LOAD
from trinity_beast.clock import SystemClock

GOOD_PREFIX = '{"success":true'
GOOD_ASSET = '"asset":"BTC"'


@dataclass(frozen=True, slots=True)
class Latency:
    """Exact percentiles, in microseconds."""

    count: int
    p50: float
    p90: float
    p99: float
    p999: float
    most: float

    @classmethod
    def of(cls, found: dict[str, int]) -> "Latency":
        """Read the generator's figures, which are nanoseconds."""
        return cls(found["count"], *(found[name] / 1000 for name in ("p50", "p90", "p99", "p999", "max")))


@dataclass(frozen=True, slots=True)
class Run:
    """What one run of our generator found."""

    seconds: float
    answers: int
    body_bytes: int
    latency: Latency
    lag: Latency | None
    lost: int
    crowd: dict[str, int]
    client_share: float
    strangers_share: float
    cpu_ns: dict[int, dict[str, int]]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def cpu_per_answer_us(self, pids: Sequence[int], thread_prefix: str = "") -> float:
        """Return processor microseconds per answer of the threads whose name begins so."""
        return self._cpu_ns(pids, thread_prefix) / 1000 / self.answers

    def share(self, pids: Sequence[int], thread_prefix: str = "") -> float:
        """Return how much of one processor those threads had."""
        return self._cpu_ns(pids, thread_prefix) / 1e9 / self.seconds

    def _cpu_ns(self, pids: Sequence[int], thread_prefix: str) -> int:
        return sum(spent for pid in pids for name, spent in self.cpu_ns.get(pid, {}).items() if name.startswith(thread_prefix))


def disturbance_of(run: "Run | WrkRun") -> float:
    """Return how much of a processor went to others while this run was measured."""
    return run.strangers_share


class Generator:
    """Our generator, on its own processor, asking one server."""

    def __init__(self, cores: Cores, *, port: int, request: bytes, pids: Sequence[int]) -> None:
        self._cores, self._port, self._pids, self._request = cores, port, pids, request

    def closed(self, *, seconds: float, connections: int = 64, depth: int = 1) -> Run:
        """Ask over HTTP, `depth` in flight on each connection."""
        return self._run("closed", seconds, connections=connections, depth=depth, prefix=GOOD_PREFIX, contains=GOOD_ASSET)

    def open(self, *, seconds: float, rate: float, connections: int = 64, crowd: bool = False) -> Run:
        """Ask over HTTP by the clock, `rate` requests a second; with the hostile crowd, if wanted."""
        flags = ["--crowd"] if crowd else []
        return self._run("open", seconds, *flags, connections=connections, rate=rate, prefix=GOOD_PREFIX, contains=GOOD_ASSET)

    def begin_open(self, *, seconds: float, rate: float, connections: int = 64) -> "Begun":
        """Start asking over HTTP by the clock and return at once."""
        return self._begin("open", seconds, connections=connections, rate=rate, prefix=GOOD_PREFIX, contains=GOOD_ASSET)

    def flooded(self, *, seconds: float, rate: float, flood_port: int, flood_rate: float, addresses: int, is_keyless: bool = False) -> Run:
        """Ask by the clock while `flood_rate` random keys a second are tried from so many addresses, half by datagram to `flood_port`.

        `is_keyless`: as many requests come without a key.
        """
        flags = ["--flood-keyless"] if is_keyless else []
        flood: dict[str, float | str] = {"flood": f"127.0.0.1:{flood_port}", "flood-rate": flood_rate, "callers": addresses}
        return self._run("open", seconds, *flags, connections=64, rate=rate, prefix=GOOD_PREFIX, contains=GOOD_ASSET, **flood)

    def udp(self, *, seconds: float, in_flight: int = 128, callers: int = 1) -> Run:
        """Ask over UDP, `in_flight` datagrams at a time, from so many addresses in turn."""
        return self._run("udp", seconds, depth=in_flight, callers=callers, contains=GOOD_ASSET)

    def begin_udp(self, *, seconds: float, in_flight: int = 128) -> "Begun":
        """Start asking over UDP and return at once."""
        return self._begin("udp", seconds, depth=in_flight, contains=GOOD_ASSET)

    def begin_closed(self, *, seconds: float, connections: int = 64, depth: int = 1) -> "Begun":
        """Start asking over HTTP and return at once."""
        return self._begin("closed", seconds, connections=connections, depth=depth, prefix=GOOD_PREFIX, contains=GOOD_ASSET)

    def _run(self, verb: str, seconds: float, *flags: str, **options: float | str) -> Run:
        return self._begin(verb, seconds, *flags, **options).finished()

    def _begin(self, verb: str, seconds: float, *flags: str, **options: float | str) -> "Begun":
        request = tempfile.NamedTemporaryFile(prefix="beast-bench-", suffix=".request", delete=False)  # noqa: SIM115 - Outlives this call.
        with request:
            request.write(self._request)
        words = [str(LOAD), verb, "--address", f"127.0.0.1:{self._port}", "--request", request.name, "--seconds", str(seconds), *flags]
        for pid in self._pids:
            words += ["--watch", str(pid)]
        for name, value in options.items():
            words += [f"--{name}", str(value)]
        process = subprocess.Popen(pinned(self._cores.client, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return Begun(process, Path(request.name), seconds)


class Begun:
    """A run under way."""

    def __init__(self, process: subprocess.Popen[str], request: Path, seconds: float) -> None:
        self._process, self._request, self._seconds = process, request, seconds

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def finished(self) -> Run:
        """Wait for its end.

        Raises:
            RunBroken: it failed, or took too long, or an answer was not what was asked for.
        """
        try:
            told, talk = self._process.communicate(timeout=self._seconds + 60)
        except subprocess.TimeoutExpired as error:
            self._process.kill()
            raise RunBroken("the generator did not end") from error
        finally:
            with suppress(FileNotFoundError):
                self._request.unlink()
        if self._process.returncode != 0:
            raise RunBroken(talk.strip() or f"the generator left with {self._process.returncode}")
        return _run_of(json.loads(told))


def _run_of(found: dict[str, Any]) -> Run:
    if found["bad"] or not found["good"]:
        raise RunBroken(f"{found['bad']} answers of {found['bad'] + found['good']} were not what was asked for")
    cpu_ns: dict[int, dict[str, int]] = {}
    for thread in found["threads"]:
        names = cpu_ns.setdefault(thread["pid"], {})
        names[thread["name"]] = names.get(thread["name"], 0) + thread["cpu_ns"]
    return Run(
        seconds=found["seconds"],
        answers=found["good"],
        body_bytes=found["body_bytes"],
        latency=Latency.of(found["latency_ns"]),
        lag=Latency.of(found["lag_ns"]) if "lag_ns" in found else None,
        lost=found.get("lost", 0),
        crowd=found.get("crowd", {}),
        client_share=sum(cpu_ns.pop(found["own_pid"]).values()) / 1e9 / found["seconds"],
        strangers_share=found["strangers_share"],
        cpu_ns=cpu_ns,
    )


@dataclass(frozen=True, slots=True)
class WrkRun:
    """What wrk found: whole-run figures, its start included."""

    rate: float
    cpu_per_answer_us: float
    server_share: float
    client_share: float
    strangers_share: float


def wrk(cores: Cores, *, port: int, key: str, seconds: float, depth: int, pid: int, thread_prefix: str) -> WrkRun:
    """Ask with wrk over 64 connections, `depth` requests to a block.

    Raises:
        RunBroken: wrk failed, or counted an answer that was no success.
    """
    request = f"wrk.format('GET', '/price?asset=BTC', {{Authorization = 'Bearer {key}'}})"
    script = f"init = function() block = string.rep({request}, {depth}) end\nrequest = function() return block end\n"
    with tempfile.NamedTemporaryFile("w", prefix="beast-bench-", suffix=".lua") as file:
        file.write(script)
        file.flush()
        words = ["wrk", "-t1", "-c64", f"-d{seconds:.0f}s", "-s", file.name, f"http://127.0.0.1:{port}"]
        before = _spent(pid, thread_prefix)
        done = subprocess.run(pinned(cores.client, *words), capture_output=True, text=True, timeout=seconds + 60, check=False)
        after = _spent(pid, thread_prefix)
    counted = re.search(r"(\d+) requests in", done.stdout)
    rate = re.search(r"Requests/sec:\s*([\d.]+)", done.stdout)
    if done.returncode != 0 or counted is None or rate is None or "Non-2xx" in done.stdout:
        raise RunBroken(f"wrk: {done.stdout.strip()[-400:]} {done.stderr.strip()[-400:]}")
    threads, process, client, busy, clock = (late - early for late, early in zip(after, before, strict=True))
    strangers = max(0, busy - process - client)
    return WrkRun(float(rate[1]), threads / 1000 / int(counted[1]), process / clock, client / clock, strangers / clock)


def _spent(pid: int, thread_prefix: str) -> tuple[int, int, int, int, int]:
    """Return nanoseconds: the threads named so, their process, our children that ended, all processors, the clock."""
    threads = cpu_ns_by_thread(pid)
    ours = sum(spent for name, spent in threads if name.startswith(thread_prefix))
    return ours, sum(spent for _, spent in threads), ended_children_cpu_ns(), machine_busy_ns(), SystemClock().monotonic_ns()
