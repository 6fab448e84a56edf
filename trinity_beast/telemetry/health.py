"""How the parts fare: each registers a probe, and whoever asks gets all of their findings."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.telemetry.parameters import HEALTH_FRESH_SECONDS, HEALTH_PROBE_SECONDS

LOG = get_log("telemetry")
SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What a probe found: whether its part works, if not why, and figures worth knowing. Nothing in it may be secret."""

    is_ok: bool
    reason: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


Probe = Callable[[], Awaitable[Finding]]


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part and what was found of it. A part that is not needed may fail without the node being out of service."""

    part: str
    is_needed: bool
    finding: Finding


@dataclass(frozen=True, slots=True)
class HealthReport:
    """Every part at one moment, in the order they registered."""

    parts: tuple[PartHealth, ...]
    up_seconds: float

    @property
    def is_ready(self) -> bool:
        """Whether the node can serve: every part that is needed works."""
        return all(each.finding.is_ok for each in self.parts if each.is_needed)

    @property
    def status(self) -> str:
        """Return `ready`, `degraded` (something works less, yet we serve) or `not_ready`."""
        if not self.is_ready:
            return "not_ready"
        return "ready" if all(each.finding.is_ok for each in self.parts) else "degraded"


class Health:
    """Asks every probe at once, none longer than `health_probe_seconds`; callers who come soon after share what was found."""

    def __init__(self, clock: Clock, readings: Readings | None = None) -> None:
        self._clock, readings = clock, readings or Readings()
        self._probe_seconds, self._fresh_seconds = readings.of(HEALTH_PROBE_SECONDS), readings.of(HEALTH_FRESH_SECONDS)
        self._probes: dict[str, tuple[Probe, bool]] = {}
        self._started_ns = clock.monotonic_ns()
        self._look: asyncio.Task[HealthReport] | None = None
        self._looked_ns = 0
        self._asking: dict[str, asyncio.Task[Finding]] = {}

    def register(self, part: str, probe: Probe, *, is_needed: bool = True) -> None:
        """Ask `probe` from now on. A part that registers again is asked by its new probe."""
        self._probes[part] = (probe, is_needed)

    @property
    def up_seconds(self) -> float:
        """How long this process has been up."""
        return (self._clock.monotonic_ns() - self._started_ns) / SECOND_NS

    async def report(self) -> HealthReport:
        """Return how every part fares, as found just now or a moment ago."""
        now_ns = self._clock.monotonic_ns()
        # Anybody may ask this, and every look costs a query: many askers must cost no more than one.
        if self._look is None or (self._look.done() and now_ns - self._looked_ns >= self._fresh_seconds.value * SECOND_NS):
            self._looked_ns = now_ns
            self._look = asyncio.get_running_loop().create_task(self._asked())
        return await asyncio.shield(self._look)

    async def _asked(self) -> HealthReport:
        findings = await asyncio.gather(*(self._finding(part, probe) for part, (probe, _) in self._probes.items()))
        parts = zip(self._probes.items(), findings, strict=True)
        return HealthReport(tuple(PartHealth(part, is_needed, found) for (part, (_, is_needed)), found in parts), self.up_seconds)

    async def _finding(self, part: str, probe: Probe) -> Finding:
        within_seconds = self._probe_seconds.value
        silent = Finding(is_ok=False, reason=f"no answer within {within_seconds:g} s")
        if part in self._asking:
            return silent  # It was asked before, and has not even let itself be called off yet.
        asked = self._asking[part] = asyncio.create_task(_answer_of(probe))
        asked.add_done_callback(partial(self._end_asking, part))
        try:
            # Not `timeout`, which waits for what it cancels: a driver waits in turn, for a frozen server to confirm.
            await asyncio.wait({asked}, timeout=within_seconds)
            return asked.result() if asked.done() else silent
        except TrinityError as error:
            return Finding(is_ok=False, reason=error.code)
        except Exception as error:
            LOG.error("probe failed", error=error, part=part)
            return Finding(is_ok=False, reason=f"its probe failed ({type(error).__name__})")
        finally:
            asked.cancel()

    def _end_asking(self, part: str, asked: asyncio.Task[Finding]) -> None:
        del self._asking[part]
        if not asked.cancelled():
            asked.exception()  # One that came too late has nobody left to read it.


async def _answer_of(probe: Probe) -> Finding:
    return await probe()
