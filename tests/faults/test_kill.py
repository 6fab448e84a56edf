"""A killed node loses no record of an answer that reached its caller.

BEAST_FAULT_KILLS says how often it is killed (5; the full proof takes 50), BEAST_FAULT_SEED which moments are chosen:
it stands in the test's name, and the same seed kills after the same answers.
"""

import os
import random
import secrets
from collections import Counter
from pathlib import Path

import pytest

from bench.servers import node
from tests.faults.caller import Caller
from trinity_beast.engine import read_segment, spool_segments

KILLS = int(os.environ.get("BEAST_FAULT_KILLS", "5"))
# Drawn once for a run: the processes that share its tests must know them by the same names.
DRAWN = int(os.environ.get("PYTEST_XDIST_TESTRUNUID") or secrets.token_hex(4), 16) % 2**32
SEED = int(os.environ.get("BEAST_FAULT_SEED", "0")) or DRAWN
ANSWERS_MAX = 3_000


def recorded_in(spool: Path) -> Counter[str]:
    """Return how often each request id stands in the segments of a folder, open and sealed."""
    return Counter(str(record["request_id"]) for segment in spool_segments(str(spool)) for record in read_segment(segment.path))


def told_before_the_kill(spool: Path, answers: int) -> list[str]:
    """Run a node, kill it without warning once `answers` have come, and return the ids of all that were told."""
    with node("--keep-segments", "--threads", "2", spool=spool) as running:
        caller = Caller(running)
        try:
            caller.call_until(answers)
            running.kill()
            caller.hear_the_rest()
        finally:
            caller.close()
    return caller.told


@pytest.mark.timeout(60 + 10 * KILLS)
@pytest.mark.parametrize("seed", [pytest.param(SEED, id=f"BEAST_FAULT_SEED={SEED}")])
def test_every_answer_a_caller_received_is_on_record_once_however_the_node_died(tmp_path: Path, seed: int) -> None:
    moments = random.Random(seed)  # noqa: S311 - No secret is drawn.
    spool = tmp_path / "spool"
    told: list[str] = []
    for _ in range(KILLS):
        told += told_before_the_kill(spool, moments.randint(1, ANSWERS_MAX))
        # Each later start has sealed what the killed one left open: both kinds are read here.
        recorded = recorded_in(spool)
        missing = [request_id for request_id in told if request_id not in recorded]
        assert not missing, f"seed {seed}: {len(missing)} of {len(told)} answers have no record, {missing[0]} is the first"
        assert max(recorded.values()) == 1, f"seed {seed}: recorded twice: {recorded.most_common(3)}"
        assert len(set(told)) == len(told), f"seed {seed}: two answers bear one id"


def test_a_node_started_after_a_kill_seals_what_was_left_open(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    told = told_before_the_kill(spool, 500)
    assert any(not segment.sealed for segment in spool_segments(str(spool)))

    with node("--keep-segments", spool=spool) as again:
        left_open = {segment.path for segment in spool_segments(str(spool)) if not segment.sealed and segment.records}
        recorded = recorded_in(spool)
        again.stop()

    assert not left_open
    assert set(told) <= set(recorded)
