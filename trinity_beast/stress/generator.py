"""One client, in this process: the load is the engine's, and this tells it what to do."""

import resource
from collections.abc import Collection, Sequence

from trinity_beast.clock import Clock
from trinity_beast.engine import Load
from trinity_beast.stress.crew import Stopped, Watcher
from trinity_beast.stress.errors import FileLimitLow, StressPlanInvalid, TargetAway
from trinity_beast.stress.figures import Found
from trinity_beast.stress.model import Progress, Protocol, Step, Target
from trinity_beast.stress.targets import expect_mine

LOOK_SECONDS = 0.2
READY_SECONDS = 30.0
"""The engine says that it is ready within twenty, whatever became of its connections."""
FILES_BESIDE = 128
"""Files that a process has open besides its connections."""
SECOND_NS = 1_000_000_000


class Generator:
    """Asks from this process: targets on this machine, and those whose host is among `mine`."""

    clients = 1

    def __init__(self, clock: Clock, mine: Collection[str] = ()) -> None:
        self._clock, self._mine = clock, mine

    def prepare(self, steps: Sequence[Step]) -> None:
        """Make sure that all may be asked, and that there are files enough.

        Raises:
            TargetNotMine: a target lies beyond this machine, and nobody said that it is theirs.
            TargetAway: a host has no address.
            FileLimitLow: there are not as many files to be had as connections wanted.
        """
        for step in steps:
            expect_mine(step.target, self._mine)
        raise_file_limit(max((files_of(step) for step in steps), default=0))

    def perform(self, step: Step, *, watch: Watcher, stopped: Stopped) -> Found:
        """Take a step: connect, ask, and return what was found. Told to stop, return what was found so far.

        Raises:
            TargetNotMine: the target lies beyond this machine, and nobody said that it is theirs.
            FileLimitLow: there are not as many files to be had as connections wanted.
            TargetAway: nobody could be connected.
            StressPlanInvalid: the engine will not ask so.
        """
        load = self.connect(step, stopped=stopped)
        return self.ask(load, watch=watch, stopped=stopped)

    def connect(self, step: Step, *, stopped: Stopped) -> Load:
        """Return the load of a step once it has connected all it could; it asks nothing yet. Raises as `perform` does."""
        load = _load_of(step, expect_mine(step.target, self._mine))
        ends_ns = self._clock.monotonic_ns() + round(READY_SECONDS * SECOND_NS)
        while not (standing := load.progress())["ready"] and self._clock.monotonic_ns() < ends_ns and not stopped():
            load.wait(LOOK_SECONDS / 10)
        if not standing["connected"] and not stopped():
            load.finish()
            raise TargetAway(target=str(step.target), reason="no connection could be made")
        return load

    def ask(self, load: Load, *, watch: Watcher, stopped: Stopped) -> Found:
        """Have a connected load ask to its end, or until told to stop, and return what was found."""
        began_ns = self._clock.monotonic_ns()
        load.begin()
        is_over = False
        while not is_over:
            if stopped():
                load.stop()
            is_over = load.wait(LOOK_SECONDS)
            watch(_progress(load, (self._clock.monotonic_ns() - began_ns) / SECOND_NS))
        return _found(load)

    def close(self) -> None:
        """Let go of nothing: no step leaves anything behind."""


def files_of(step: Step) -> int:
    """Return how many files a step wants open for its target."""
    return step.callers if step.target.protocol is Protocol.TCP else step.way.sockets * step.way.threads


def _load_of(step: Step, at: Target) -> Load:
    way, is_tcp = step.way, step.target.protocol is Protocol.TCP
    raise_file_limit(files_of(step))
    try:
        return Load(
            protocol=at.protocol.value,
            host=at.host,
            port=at.port,
            requests=step.requests,
            callers=step.callers,
            threads=min(way.threads, step.callers),
            seconds=way.seconds,
            timeout_seconds=way.timeout_seconds,
            depth=step.depth if is_tcp else 1,
            on_wire=max(1, min(step.on_wire, step.callers)),
            sockets=way.sockets,
            rate=step.rate,
            keeps_alive=way.keeps_alive,
            warm_seconds=way.warm_seconds,
        )
    except ValueError as error:
        raise StressPlanInvalid(reason=str(error)) from error
    except OSError as error:
        raise TargetAway(target=str(step.target), reason=str(error)) from error


def raise_file_limit(connections: int) -> None:
    """Let this process open so many connections.

    Raises:
        FileLimitLow: it may not, and may not allow itself to.
    """
    needed = connections + FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < needed:
        if hard != resource.RLIM_INFINITY and hard < needed:
            raise FileLimitLow(needed=needed, limit=hard, connections_max=max(1, hard - FILES_BESIDE))
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _progress(load: Load, seconds: float) -> Progress:
    told = load.progress()
    return Progress(seconds, told["connected"], told["good"], told["refused"], told["failed"])


def _found(load: Load) -> Found:
    found = load.finish()
    return Found(
        seconds=found.seconds,
        good=found.good,
        codes=found.codes,
        failures=found.failures,
        late=found.late,
        reconnected=found.reconnected,
        answer_bytes=found.answer_bytes,
        processor_seconds=found.processor_seconds,
        latencies=tuple(found.latencies),
        lags=tuple(found.lags),
    )
