"""A soak whose node dies tells what it had measured until then, and why it ended."""

import os
import signal

import pytest

from tests.rehearsal.watching import children_of, is_node
from tests.support.places import quick_place
from trinity_beast.clock import SystemClock
from trinity_beast.randomness import SystemSecrets
from trinity_beast.rehearsal.conductor import Conductor
from trinity_beast.rehearsal.growth import Vitals
from trinity_beast.rehearsal.soak import SoakWanted, soak
from trinity_beast.rehearsal.stage import Means
from trinity_beast.settings import child_environment


@pytest.mark.slow
async def test_a_node_that_dies_in_a_soak_is_told_with_all_that_was_measured_before() -> None:
    seen: list[Vitals] = []

    def measured(vitals: Vitals, _conductor: Conductor) -> None:
        seen.append(vitals)
        if len(seen) == 2:
            os.kill(next(filter(is_node, children_of(os.getpid()))), signal.SIGKILL)

    means = Means(SystemClock(), SystemSecrets(), child_environment, quick_place())
    report = await soak(SoakWanted(minutes=5, venues=("coinbase",), seed=7, vitals_seconds=3.0), means, measured=measured)

    assert not report.has_passed
    assert any("the node ended with -9" in problem for problem in report.problems), report.problems
    assert report.vitals[: len(seen)] == tuple(seen)
    assert seen[0].memory_bytes > 50_000_000
    assert min(seen[0].tasks, seen[0].sockets, seen[0].threads) > 3
    assert sum(report.total.judged.values()) > 100
    assert report.total.wrong_count == 0
