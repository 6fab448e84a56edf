"""`rehearse feeds`: the whole fault matrix against a running node, unattended."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from trinity_beast.randomness import dice_from
from trinity_beast.rehearsal.conductor import Conductor
from trinity_beast.rehearsal.model import SECOND_NS
from trinity_beast.rehearsal.plan import chosen, cut, lane_of
from trinity_beast.rehearsal.promises import SHORTENED
from trinity_beast.rehearsal.report import FeedsReport, rows_of
from trinity_beast.rehearsal.sampler import Sampler
from trinity_beast.rehearsal.scenarios import EVERYWHERE_AT_ONCE
from trinity_beast.rehearsal.stage import Means, chosen_venues, questioned, staged

UNANSWERED_MOST = 0.001
"""The share of questions that may stay without an answer: datagrams may be lost when a machine is short of breath."""
STEPS_SECONDS = 540.0
"""No step begins later than this after the first, so that ten minutes suffice for all."""


@dataclass(frozen=True, slots=True)
class FeedsWanted:
    """What is to be rehearsed. Empty means everything; `steps_max` cuts every lane."""

    venues: Collection[str] = ()
    faults: Collection[str] = ()
    seed: int = 1
    steps_max: int | None = None


Watched = Callable[[Conductor, Sampler], None]


async def rehearse_feeds(wanted: FeedsWanted, means: Means, *, changed: Watched = lambda _conductor, _sampler: None) -> FeedsReport:
    """Go through the matrix and return what it came to.

    Raises:
        RehearsalUnknown: a venue or a fault is not among those that are rehearsed.
        RehearsalBroken: it could not be carried out.
    """
    venues = chosen_venues(wanted.venues)
    begun_ns = means.clock.monotonic_ns()
    chosen((), wanted.faults)
    async with staged(venues, wanted.seed, means) as stage:
        lanes = [
            lane_of(venue, stage.warm[venue], stage.quiet[venue], wanted.faults, dice_from(f"{wanted.seed} {venue}")) for venue in venues
        ]
        lanes = [cut(lane, wanted.steps_max) for lane in lanes]
        conductor = Conductor(stage, lanes, ends_ns=stage.lab.now_ns() + round(STEPS_SECONDS * SECOND_NS))
        async with questioned(stage, conductor, wanted.seed) as sampler:
            conductor.changed = lambda: changed(conductor, sampler)
            await conductor.run()
            if wanted.steps_max is None and (not wanted.faults or EVERYWHERE_AT_ONCE.verb in wanted.faults):
                await conductor.everywhere(EVERYWHERE_AT_ONCE)
    problems = [*conductor.problems, *sampler.unreadable]
    if sampler.unanswered > UNANSWERED_MOST * sampler.asked:
        problems.append(f"{sampler.unanswered} of {sampler.asked} questions had no answer")
    return FeedsReport(
        seed=wanted.seed,
        venues=venues,
        seconds=(means.clock.monotonic_ns() - begun_ns) / SECOND_NS,
        rows=rows_of(conductor.finished),
        total=conductor.total,
        calm=conductor.calm,
        asked=sampler.asked,
        unanswered=sampler.unanswered,
        problems=tuple(problems),
        parameters=dict(SHORTENED),
    )
