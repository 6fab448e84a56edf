"""`rehearse soak`: random faults at random venues for a long time, and whether anything grows in the node meanwhile."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from trinity_beast.errors import TrinityError
from trinity_beast.randomness import dice_from
from trinity_beast.rehearsal.conductor import Conductor
from trinity_beast.rehearsal.growth import Growth, Vitals, growths
from trinity_beast.rehearsal.model import SECOND_NS, Tally
from trinity_beast.rehearsal.plan import endless_lane
from trinity_beast.rehearsal.report import tally_json
from trinity_beast.rehearsal.stage import Means, Stage, chosen_venues, questioned, staged
from trinity_beast.rehearsal.vitals import held_by, tasks_of, told_at_last
from trinity_beast.words import Venue

VITALS_SECONDS = 10.0
ASK_SECONDS = 0.5
"""All prices are asked for so often: a soak is long, and the machine has other work."""
WELL_SECONDS = 90.0
"""How long after the last fault everything may take to be well again; a symbol set aside is asked for again within this."""


@dataclass(frozen=True, slots=True)
class SoakWanted:
    """How long, at which venues, drawn from which seed."""

    minutes: float = 60.0
    venues: Collection[str] = ()
    seed: int = 1
    vitals_seconds: float = VITALS_SECONDS
    """How often the node is looked at."""


@dataclass(frozen=True, slots=True)
class SoakReport:
    """What a soak came to."""

    seed: int
    venues: tuple[Venue, ...]
    seconds: float
    faults: int
    total: Tally
    asked: int
    unanswered: int
    growths: tuple[Growth, ...]
    problems: tuple[str, ...]
    notes: tuple[str, ...] = ()
    vitals: tuple[Vitals, ...] = field(default=(), repr=False)

    @property
    def has_passed(self) -> bool:
        """Whether nothing was wrong, nothing grew, and all was well at the end."""
        return not self.total.wrong_count and not self.problems and not any(growth.is_growing for growth in self.growths)

    def as_json(self) -> dict[str, Any]:
        """Return all of it, for programs."""
        return {
            "passed": self.has_passed,
            "seed": self.seed,
            "venues": list(self.venues),
            "seconds": round(self.seconds, 1),
            "faults": self.faults,
            "answers_asked": self.asked,
            "answers_missing": self.unanswered,
            **tally_json(self.total),
            "growth": [asdict(growth) | {"is_growing": growth.is_growing} for growth in self.growths],
            "problems": list(self.problems),
            "notes": list(self.notes),
            "vitals": [asdict(vitals) for vitals in self.vitals],
        }


async def soak(
    wanted: SoakWanted, means: Means, *, measured: Callable[[Vitals, Conductor], None] = lambda _vitals, _on: None
) -> SoakReport:
    """Let random faults happen for so long, and return what came of it. `measured` is told each time the node was looked at.

    Raises:
        RehearsalUnknown: a venue is not among those that are rehearsed.
        RehearsalBroken: it could not be carried out.
    """
    venues = chosen_venues(wanted.venues)
    async with staged(venues, wanted.seed, means) as stage:
        begun_ns = stage.lab.now_ns()
        lanes = [endless_lane(venue, stage.warm[venue], dice_from(f"{wanted.seed} soak {venue}")) for venue in venues]
        conductor = Conductor(stage, lanes, ends_ns=begun_ns + round(wanted.minutes * 60 * SECOND_NS))
        vitals: list[Vitals] = []
        async with questioned(stage, conductor, wanted.seed, every_seconds=ASK_SECONDS) as sampler:
            looking = _watch(stage, begun_ns, vitals, lambda each: measured(each, conductor), every_seconds=wanted.vitals_seconds)
            watching = asyncio.create_task(looking, name="vitals")
            try:
                ill = await _gone_through(conductor)
            finally:
                watching.cancel()
                ended = (await asyncio.gather(watching, return_exceptions=True))[0]
        seconds = (stage.lab.now_ns() - begun_ns) / SECOND_NS
    if isinstance(ended, Exception) and not ill:
        ill = [_sentence(ended)]
    found = growths(vitals)
    short = () if found else ("it was too short to say whether anything grows",)
    return SoakReport(
        seed=wanted.seed,
        venues=venues,
        seconds=seconds,
        faults=len(conductor.finished),
        total=conductor.total,
        asked=sampler.asked,
        unanswered=sampler.unanswered,
        growths=tuple(found),
        problems=(*conductor.problems, *sampler.unreadable, *ill, *short),
        notes=tuple(f"{venue}: {run.scenario.name}: {problem}" for venue, run in conductor.finished for problem in run.problems),
        vitals=tuple(vitals),
    )


async def _gone_through(conductor: Conductor) -> list[str]:
    """Go through all faults; what is not well at the end. Where the node breaks, what was measured until then is told all the same."""
    ill: list[str] = []
    try:
        await conductor.run()
        ill = await conductor.well_again(WELL_SECONDS)
    except* TrinityError as broken:
        ill = [_sentence(error) for error in _all(broken)]
    return ill


def _sentence(error: BaseException) -> str:
    return " ".join(map(str, error.facts.values())) if isinstance(error, TrinityError) else repr(error)


def _all(group: BaseExceptionGroup[TrinityError]) -> list[TrinityError]:
    found: list[TrinityError] = []
    for each in group.exceptions:
        found += _all(each) if isinstance(each, BaseExceptionGroup) else [each]
    return found


async def _watch(
    stage: Stage, begun_ns: int, vitals: list[Vitals], measured: Callable[[Vitals], None], *, every_seconds: float
) -> None:  # fmt: skip
    """Look at the node again and again, and forget what can concern no answer any more.

    Raises:
        RehearsalBroken: the node is gone, or does not tell its tasks however often it is asked.
    """
    while True:
        tasks = await told_at_last(partial(tasks_of, stage.node, stage.session), stage.clock)
        seconds = (stage.lab.now_ns() - begun_ns) / SECOND_NS
        vitals.append(await asyncio.to_thread(held_by, stage.node.pid, tasks=tasks, seconds=seconds))
        measured(vitals[-1])
        stage.truth.forget_old()
        stage.deeds.forget(stage.lab.now_ns() - 900 * SECOND_NS)
        await stage.clock.sleep(every_seconds)
