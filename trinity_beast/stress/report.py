"""The report of a stress test: what was asked, of whom, and what came of it, as it is kept, sent and read again."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from trinity_beast.stress.figures import Found, Recorded, mean, percentiles
from trinity_beast.stress.model import Step

STEPS_MAX = 1_000
TIMELINE_MAX = 120
"""Moments of a step that are kept at most."""
CURVE = tuple(1.0 - 10.0 ** (-tenth / 10) for tenth in range(61))
"""The shares at which a latency curve is kept: each of its sixty steps leaves a fifth fewer above."""
KINDS_MAX = 100

Count = Annotated[int, Field(ge=0, lt=10**15)]
Seconds = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]
Micros = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]


def _written_out(given: object) -> object:
    if isinstance(given, int | float):
        raise ValueError("a time is written as 2026-11-20T07:40:00Z")
    return given


Time = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written_out)]
"""In JSON a time is a text; a number could be seconds or milliseconds."""
Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
Kind = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[ -~\ufffd]+$")]
Counts = Annotated[dict[Kind, Count], Field(max_length=KINDS_MAX)]


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Latency(_Kept):
    """Times of one kind, in microseconds, each told apart to a thousandth. Percentiles are of every single one."""

    count: Count
    mean: Micros
    least: Micros
    p50: Micros
    p75: Micros
    p90: Micros
    p99: Micros
    p999: Micros
    p9999: Micros
    most: Micros
    curve: Annotated[list[Micros], Field(max_length=len(CURVE), description="At shares 1 - 10^(-n/10), n from 0 on.")]

    @classmethod
    def of(cls, recorded: Recorded) -> Self | None:
        """Return the latency of what was recorded; None of nothing."""
        count = sum(times for _, times in recorded)
        if not count:
            return None
        shares = (0.0, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1.0)
        least, p50, p75, p90, p99, p999, p9999, most = (time / 1_000 for time in percentiles(recorded, shares))
        # Beyond this share there is nobody left to tell of.
        told = min(len(CURVE), math.ceil(10 * math.log10(count)) + 2)
        curve = [time / 1_000 for time in percentiles(recorded, CURVE[:told])]
        return cls(
            count=count, mean=round(mean(recorded) / 1_000, 3), least=least, p50=p50, p75=p75, p90=p90, p99=p99,
            p999=p999, p9999=p9999, most=most, curve=curve,
        )  # fmt: skip


class Moment(_Kept):
    """How a step stood at one moment of it."""

    seconds: Seconds
    good: Count = Field(description="Good answers until then, warming included; `refused` and `failed` likewise.")
    refused: Count
    failed: Count


class StepReport(_Kept):
    """One target at one level."""

    target: Name
    protocol: Literal["tcp", "udp"]
    concurrent: Annotated[int, Field(ge=1, le=2_000_000, description="Requests in flight at once, or callers by datagram.")]
    connections: Annotated[int, Field(ge=1, le=2_000_000)]
    depth: Annotated[int, Field(ge=1, le=1_024, description="Requests in flight on each connection.")]
    on_wire: Annotated[int | None, Field(ge=1, le=2_000_000, description="Datagrams on the wire at once; null over TCP.")]
    rate: Annotated[float | None, Field(gt=0, le=1e9, allow_inf_nan=False)] = Field(
        description="Requests a second by the clock; null: each caller asks again when it is answered."
    )
    keeps_alive: bool
    clients: Annotated[int, Field(ge=1, le=1_000)]
    began_at: Time
    seconds: Seconds = Field(description="How long was counted.")
    asked: Count = Field(description="Requests that were due meanwhile, each counted once below.")
    good: Count
    codes: Counts = Field(description="Answers by what they said.")
    failures: Counts = Field(description="Requests without an answer, by why. By datagram, `timeout` is what was lost.")
    late: Count
    reconnected: Count
    answer_bytes: Count
    processor_seconds: Seconds = Field(description="Processor time the clients spent on it.")
    latency: Latency | None = Field(description="Of good answers, from when each was due.")
    lag: Latency | None = Field(description="By the clock: how late requests left.")
    timeline: Annotated[list[Moment], Field(max_length=TIMELINE_MAX)]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if sum(self.codes.values()) + sum(self.failures.values()) != self.asked or self.good > sum(self.codes.values()):
            raise ValueError("the counts do not add up to what was asked")
        return self

    @property
    def per_second(self) -> float:
        """Return good answers a second."""
        return self.good / self.seconds if self.seconds else 0.0

    @property
    def success(self) -> float:
        """Return the part of requests that were answered well; 0 where none was asked."""
        return self.good / self.asked if self.asked else 0.0

    @property
    def lost(self) -> int:
        """Return how many requests had no answer."""
        return sum(self.failures.values())

    @property
    def is_whole(self) -> bool:
        """Whether every request was answered well."""
        return self.asked > 0 and self.good == self.asked


class Machine(_Kept):
    """Where the clients ran."""

    system: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]
    processors: Annotated[int, Field(ge=1, le=100_000)]
    program: Annotated[str, StringConstraints(max_length=50, pattern=r"^[^\x00]*$")]


class Report(_Kept):
    """A stress test."""

    version: Literal[1] = 1
    name: Name
    began_at: Time
    ended_at: Time
    is_complete: bool = Field(description="Whether every step was taken to its end.")
    fault: Annotated[str, StringConstraints(max_length=1_000, pattern=r"^[^\x00]*$")] | None = Field(
        default=None, description="Why it could not go on; null where it could."
    )
    clients: Annotated[int, Field(ge=1, le=1_000)]
    machine: Machine
    steps: Annotated[list[StepReport], Field(max_length=STEPS_MAX)]

    @property
    def asked(self) -> int:
        """Return how many requests were asked."""
        return sum(step.asked for step in self.steps)

    @property
    def success(self) -> float:
        """Return the part of all requests that were answered well."""
        return sum(step.good for step in self.steps) / self.asked if self.asked else 0.0

    @property
    def best(self) -> StepReport | None:
        """Return the step with the most good answers a second."""
        return max(self.steps, key=lambda step: step.per_second, default=None)


def step_report(step: Step, found: Found, *, clients: int, began_at: datetime, timeline: Sequence[Moment]) -> StepReport:
    """Return what came of a step; `step` is the whole of it, over all clients."""
    is_udp = step.target.protocol == "udp"
    return StepReport(
        target=str(step.target),
        protocol="udp" if is_udp else "tcp",
        concurrent=step.concurrent,
        connections=step.callers,
        depth=step.depth,
        on_wire=step.on_wire if is_udp else None,
        rate=step.rate,
        keeps_alive=step.way.keeps_alive,
        clients=clients,
        began_at=began_at,
        seconds=found.seconds,
        asked=found.asked,
        good=found.good,
        codes=dict(found.codes),
        failures=dict(found.failures),
        late=found.late,
        reconnected=found.reconnected,
        answer_bytes=found.answer_bytes,
        processor_seconds=found.processor_seconds,
        latency=Latency.of(found.latencies),
        lag=Latency.of(found.lags),
        timeline=thinned(timeline),
    )


def thinned(timeline: Sequence[Moment]) -> list[Moment]:
    """Return as many moments as are kept, evenly chosen, the first and the last among them."""
    if len(timeline) <= TIMELINE_MAX:
        return list(timeline)
    last = len(timeline) - 1
    return [timeline[round(place * last / (TIMELINE_MAX - 1))] for place in range(TIMELINE_MAX)]
