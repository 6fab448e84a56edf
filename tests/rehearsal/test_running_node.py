"""A node of its own, at a lab that does wrong: every answer judged over HTTP and UDP by what was truly traded.

BEAST_FAULT_SEED says which market, which faults and which symbols; it stands in the test's name.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.rehearsal.telling import PROMISES
from tests.rehearsal.watching import Watching, asked_anew
from tests.support.places import quick_place
from trinity_beast.clock import SystemClock
from trinity_beast.randomness import SystemSecrets, dice_from
from trinity_beast.rehearsal.conductor import FRESH_NS, Conductor
from trinity_beast.rehearsal.model import SECOND_NS, Lie, Market, Protocol, Told
from trinity_beast.rehearsal.neighbours import Neighbours
from trinity_beast.rehearsal.plan import cut, lane_of
from trinity_beast.rehearsal.report import rows_of
from trinity_beast.rehearsal.stage import Means, Stage, questioned, staged
from trinity_beast.settings import child_environment
from trinity_beast.words import Asset, Venue

SEED = int(os.environ.get("BEAST_FAULT_SEED", "7"))
NAMED = pytest.mark.parametrize("seed", [pytest.param(SEED, id=f"BEAST_FAULT_SEED={SEED}")])
COINBASE, KRAKEN, OKX = Venue("coinbase"), Venue("kraken"), Venue("okx")
FAULTS = ("mute", "drop", "garbage", "duplicate", "clock-step", "rest-status")
STEPS = 2
LIVE_SECONDS = (PROMISES.live_ns + PROMISES.transit_ns) / SECOND_NS
"""The widest window of a rehearsed node, the time to seek a proof and the way to the answer: by then nothing silent is called live."""
PATIENCE_SECONDS = 20.0

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    means = Means(SystemClock(), SystemSecrets(), child_environment, quick_place())
    async with staged((COINBASE, KRAKEN, OKX), SEED, means, warm_up_seconds=8) as stage:
        yield stage


@asynccontextmanager
async def watched(stage: Stage, but: Market) -> AsyncIterator[tuple[Watching, Neighbours]]:
    """Ask for everything, and watch the neighbours of one market."""
    others = {asset: market for asset, market in stage.warm[but.venue].items() if market != but}
    neighbours = Neighbours(others, stage.truth.tapes, fresh_ns=FRESH_NS)
    watching = Watching(neighbours)
    async with questioned(stage, watching, SEED):
        await watching.until(lambda: watching.state(but.asset) == "live", f"{but.asset} being live", within_seconds=30)
        yield watching, neighbours
    assert watching.judged > 0
    assert [str(finding) for finding in watching.findings] == []


@NAMED
async def test_one_muted_symbol_of_25_leaves_live_alone_and_is_alone_asked_anew(stage: Stage, seed: int) -> None:
    muted = stage.warm[COINBASE][Asset("XRP")]
    async with watched(stage, muted) as (watching, neighbours):
        before, renewed = (await stage.counts())[COINBASE], len(asked_anew(stage.node))
        await stage.order(f"mute coinbase {muted.symbol}")
        await watching.until(lambda: watching.state(muted.asset) != "live", "leaving live", within_seconds=LIVE_SECONDS)
        await watching.until(lambda: watching.state(muted.asset) == "rest", "REST in its place", within_seconds=PATIENCE_SECONDS)
        await watching.until(lambda: len(asked_anew(stage.node)) > renewed, "asking anew", within_seconds=PATIENCE_SECONDS)
        after = (await stage.counts())[COINBASE]
        await stage.clear(COINBASE)
        await watching.until(lambda: watching.state(muted.asset) == "live", "being live again", within_seconds=PATIENCE_SECONDS)
    assert set(asked_anew(stage.node)[renewed:]) == {muted.symbol}
    assert after["requests_sent"] - before["requests_sent"] <= 2 * (after["symbols_renewed"] - before["symbols_renewed"])
    assert after["connections_opened"] == before["connections_opened"]
    assert neighbours.disturbed == {}


@NAMED
async def test_of_two_silent_symbols_only_the_one_whose_rest_moved_is_marked_and_asked_anew(stage: Stage, seed: int) -> None:
    quiet, muted = stage.quiet[KRAKEN], stage.warm[KRAKEN][Asset("FET")]
    async with watched(stage, muted) as (watching, _neighbours):
        renewed = len(asked_anew(stage.node))
        await stage.order(f"mute kraken {muted.symbol}")
        await watching.until(
            lambda: (watching.state(muted.asset), watching.state(quiet.asset)) == ("rest", "quiet"), "both told apart", within_seconds=30
        )
        await watching.until(lambda: len(asked_anew(stage.node)) > renewed, "asking anew", within_seconds=PATIENCE_SECONDS)
        assert watching.state(quiet.asset) in {"quiet", "live"}
        await stage.clear(KRAKEN)
        await watching.until(lambda: watching.state(muted.asset) == "live", "being live again", within_seconds=PATIENCE_SECONDS)
    assert set(asked_anew(stage.node)[renewed:]) == {muted.symbol}


@NAMED
async def test_a_few_faults_of_the_matrix_show_pass_and_no_answer_is_wrong(stage: Stage, seed: int) -> None:
    lanes = [
        cut(lane_of(venue, stage.warm[venue], stage.quiet[venue], FAULTS, dice_from(f"{seed} {venue}")), STEPS) for venue in stage.venues
    ]
    conductor = Conductor(stage, lanes, ends_ns=stage.lab.now_ns() + 120 * SECOND_NS)
    async with questioned(stage, conductor, seed) as sampler:
        await conductor.run()
    rows = rows_of(conductor.finished)
    assert len(conductor.finished) >= STEPS * len(lanes)
    assert [str(finding) for finding in conductor.total.evidence] == []
    assert [problem for row in rows for problem in row.problems] + conductor.problems + sampler.unreadable == []
    assert min(conductor.total.judged[protocol] for protocol in Protocol) > 1_000


@NAMED
async def test_the_oracle_catches_what_is_changed_in_a_running_node_s_answers(stage: Stage, seed: int) -> None:
    def liars(told: Told) -> dict[Lie, Told]:
        second = SECOND_NS
        return {
            Lie.TOO_YOUNG: replace(told, age_ms=told.age_ms - 1_000),
            Lie.WRONG_PRICE: replace(told, price=f"9{told.price}"),
            Lie.NOT_USABLE: replace(told, state="stale"),
            Lie.WRONG_SOURCE: replace(told, venue=OKX if told.venue != OKX else KRAKEN),
            Lie.WRONG_TIME: replace(told, exchange_time_ns=told.exchange_time_ns + second // 2, age_ms=told.age_ms - 500),
        }

    watching = Watching()
    async with questioned(stage, watching, seed):
        await watching.until(lambda: watching.judged > 2_000, "two thousand prices", within_seconds=30)
    honest = [told for told in watching.last.values() if isinstance(told, Told) and told.state == "live"]
    assert len(honest) > 30
    for told in honest:
        for lie, changed in liars(told).items():
            found = {finding.lie for finding in stage.oracle.judge(changed).findings}
            assert found & {lie, Lie.NEVER_TRADED, Lie.WRONG_SOURCE}, (lie, changed)
