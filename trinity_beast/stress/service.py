"""A stress test from its first step to its report."""

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.stress.crew import Crew, Stopped
from trinity_beast.stress.errors import StressPlanInvalid
from trinity_beast.stress.levels import spread
from trinity_beast.stress.model import Progress, Protocol, Step, Target, Way
from trinity_beast.stress.questions import questions
from trinity_beast.stress.report import STEPS_MAX, Machine, Moment, Report, StepReport, step_report
from trinity_beast.version import VERSION
from trinity_beast.words import Asset

FAULT_CHARACTERS_MAX = 1_000
LAST_MOMENT_SECONDS = 0.1
MOMENTS_MAX = 100_000
"""Moments of a step held while it runs: more than five hours of them."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A stress test as it is asked for."""

    name: str
    targets: Sequence[Target]
    levels: Sequence[int]
    way: Way
    keys: Sequence[str]
    assets: Sequence[Asset]


@dataclass(slots=True)
class Watching:
    """What whoever looks on is told."""

    step_begins: Callable[[Step, int, int], None]
    """The step, its number from 1 on, and how many there are."""
    progress: Callable[[Progress], None]
    step_ends: Callable[[StepReport], None]


class Stress:
    """Takes every target in turn through every level."""

    def __init__(self, crew: Crew, clock: Clock) -> None:
        self._crew, self._clock = crew, clock

    def run(self, wanted: Wanted, *, watching: Watching, stopped: Stopped) -> Report:
        """Take all steps and return the report; told to stop, or where it cannot go on, the report of what was found until then.

        Raises:
            StressPlanInvalid: a step cannot be made of what is wanted.
            TrinityError: it could not be begun; nothing was asked.
        """
        steps, found, fault = list(steps_of(wanted)), list[StepReport](), None
        self._crew.prepare(steps)
        began_at = self._clock.now()
        for number, step in enumerate(steps, start=1):
            if stopped():
                break
            watching.step_begins(step, number, len(steps))
            try:
                found.append(self._take(step, watching, stopped))
            except TrinityError as error:
                if not found:
                    raise
                fault = str(error)[:FAULT_CHARACTERS_MAX]
                break
            watching.step_ends(found[-1])
        return Report(
            name=wanted.name,
            began_at=began_at,
            ended_at=self._clock.now(),
            is_complete=len(found) == len(steps) and not stopped(),
            fault=fault,
            clients=self._crew.clients,
            machine=machine(),
            steps=found,
        )

    def _take(self, step: Step, watching: Watching, stopped: Stopped) -> StepReport:
        began_at: datetime = self._clock.now()
        moments: list[Moment] = []
        ends = step.way.warm_seconds + step.way.seconds + LAST_MOMENT_SECONDS

        def watch(progress: Progress) -> None:
            # What comes in once nobody asks any more says nothing of a rate.
            if len(moments) < MOMENTS_MAX and progress.seconds <= ends:
                moments.append(
                    Moment(seconds=round(progress.seconds, 3), good=progress.good, refused=progress.refused, failed=progress.failed)
                )
            watching.progress(progress)

        outcome = self._crew.perform(step, watch=watch, stopped=stopped)
        return step_report(step, outcome, clients=self._crew.clients, began_at=began_at, timeline=moments)


def steps_of(wanted: Wanted) -> Iterator[Step]:
    """Yield every target at every level.

    Raises:
        StressPlanInvalid: one of them cannot be, or there are none or too many.
    """
    way = wanted.way
    if not 1 <= len(wanted.targets) * len(wanted.levels) <= STEPS_MAX:
        raise StressPlanInvalid(reason=f"1 to {STEPS_MAX:,} steps, not {len(wanted.targets) * len(wanted.levels):,}")
    for target in wanted.targets:
        asked = questions(target, keys=wanted.keys, assets=wanted.assets, keeps_alive=way.keeps_alive)
        for level in wanted.levels:
            callers, depth = _shape(target, level, way)
            yield Step(target, level, callers, depth, min(way.on_wire, level), way.rate, way, asked)


def _shape(target: Target, level: int, way: Way) -> tuple[int, int]:
    if target.protocol is Protocol.UDP:
        return level, 1
    try:
        callers, depth = spread(level, connections_max=way.connections_max, depth=way.depth)
    except ValueError as error:
        raise StressPlanInvalid(reason=str(error)) from error
    if depth > 1 and not way.keeps_alive:
        raise StressPlanInvalid(reason=f"{level:,} at once want {depth} on each connection, which connections used once do not have")
    return callers, depth


def machine() -> Machine:
    """Return where we run."""
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return Machine(system=system[:200], processors=len(os.sched_getaffinity(0)), program=VERSION)
