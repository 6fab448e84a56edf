"""Audits begun, kept and found again: one at a time, whoever goes away, whatever restarts."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from tests.support.audited import map_only
from tests.support.clock import ManualClock
from tests.support.feeds import mapped
from trinity_beast.feeds import Auditor, Audits, MappedAsset
from trinity_beast.feeds.auditing import (
    Audit,
    AuditedAsset,
    AuditState,
    Finding,
    Layer,
    Outcome,
    Proposal,
    ProposalKind,
    Verdict,
    WantedAudit,
)
from trinity_beast.feeds.errors import AuditRunning, AuditUnknown, VenueUnknown
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database
from trinity_beast.words import Venue

ALL = WantedAudit()
ROWS = [
    mapped("BTC"),
    mapped("ETH"),
    mapped("SOL", prewarm=False),
    mapped("ADA", enabled=False),
    mapped("BTC", venue="kraken", symbol="BTC/USD"),
]
BROKEN = Finding(Layer.LISTED, Outcome.FAILED, "not_listed", "=it is gone", {"symbol": "X"})
OFFERED = Proposal(ProposalKind.RENAME, "it has a new name", "coinbase", "ETH2-USD", "USD")


class Told(Auditor):
    """An auditor that finds what it is told, as soon as it is let."""

    def __init__(self, *venues: str) -> None:
        self.on, self.rows = [Venue(venue) for venue in venues], list[MappedAsset]()
        self.may_end, self.is_at_work = asyncio.Event(), asyncio.Event()
        self.fails: Exception | None = None
        self.steps: Callable[[], None] = lambda: None

    def venues(self) -> list[Venue]:
        return self.on

    async def run(self, rows: Sequence[MappedAsset], asset_map: Sequence[MappedAsset], stepped: Callable[[], None]) -> list[AuditedAsset]:
        assert set(rows) <= set(asset_map)
        self.rows, self.steps = list(rows), stepped
        self.is_at_work.set()
        await self.may_end.wait()
        if self.fails is not None:
            raise self.fails
        return [self._found(row) for row in rows]

    def _found(self, row: MappedAsset) -> AuditedAsset:
        is_broken = row.asset == "ETH"
        findings = (BROKEN,) if is_broken else (Finding(Layer.LISTED, Outcome.PASSED),)
        return AuditedAsset(row.asset, row.venue, row.symbol, row.quote, row.prewarm, findings, OFFERED if is_broken else None)


class Bench:
    """Audits over a database, with an auditor that does as it is told."""

    def __init__(self, database: Database, clock: ManualClock, *, node: str = "BeastMain", **turned: object) -> None:
        self.clock, self.auditor, readings = clock, Told("coinbase", "kraken"), Readings()
        self.audits = Audits(database, self.auditor, node=node, clock=clock, readings=readings)
        for name, value in turned.items():
            readings.turn(name, value)

    async def begun(self) -> Audit:
        """Begin an audit of everything, and return it once it is at work."""
        audit = await self.audits.begin(ALL, by="Ada")
        async with asyncio.timeout(5):
            await self.auditor.is_at_work.wait()
        return audit

    async def over(self, audit: Audit) -> Audit:
        """Let the audit end, and return it once it is over."""
        self.auditor.may_end.set()
        async with asyncio.timeout(20):
            while (found := await self.audits.read(audit.audit_id)).state is AuditState.RUNNING:
                await self.clock.let_pass(0.001)
        return found


@pytest.fixture
async def bench(database: Database, clock: ManualClock) -> Bench:
    await map_only(database, ROWS)
    return Bench(database, clock)


async def test_an_audit_is_kept_with_who_when_and_what_it_found_the_broken_first(bench: Bench) -> None:
    began = bench.clock.now()
    audit = await bench.audits.begin(ALL, by="Ada")
    assert (audit.state, audit.started_by, audit.started_at, audit.node) == (AuditState.RUNNING, "Ada", began, "BeastMain")
    over = await bench.over(audit)
    assert (over.state, over.done, over.total, over.counts) == (AuditState.DONE, 8, 8, {"broken": 1, "sound": 3})
    assert over.seconds is not None
    results = await bench.audits.results(audit.audit_id)
    assert [(one.asset, one.venue) for one in results] == [("ETH", "coinbase"), ("BTC", "coinbase"), ("SOL", "coinbase"), ("BTC", "kraken")]
    assert [one.verdict for one in results] == [Verdict.BROKEN] + [Verdict.SOUND] * 3
    assert (results[0].findings, results[0].proposal) == ((BROKEN,), OFFERED)
    assert [one.asset for one in await bench.audits.results(audit.audit_id, verdicts=[Verdict.BROKEN])] == ["ETH"]
    assert [one.audit_id for one in await bench.audits.listing()] == [audit.audit_id]


async def test_only_what_is_on_is_audited_of_the_venues_named_and_what_is_prewarmed_where_that_is_wanted(bench: Bench) -> None:
    await bench.over(await bench.audits.begin(WantedAudit(("coinbase",), only_prewarmed=True), by="Ada"))
    assert [(row.asset, row.venue) for row in bench.auditor.rows] == [("BTC", "coinbase"), ("ETH", "coinbase")]
    with pytest.raises(VenueUnknown):
        await bench.audits.begin(WantedAudit(("okx",)), by="Ada")


async def test_an_empty_map_is_an_audit_of_nothing(bench: Bench, database: Database) -> None:
    await map_only(database, [])
    over = await bench.over(await bench.audits.begin(ALL, by="Ada"))
    assert (over.state, over.total, over.counts) == (AuditState.DONE, 0, {})


async def test_a_second_start_is_told_which_is_running_also_by_another_node(bench: Bench, database: Database, clock: ManualClock) -> None:
    first = await bench.audits.begin(ALL, by="Ada")
    other = Bench(database, clock, node="BeastMirror")
    for audits in (bench.audits, other.audits):
        with pytest.raises(AuditRunning) as caught:
            await audits.begin(ALL, by="Eve")
        assert (caught.value.facts["audit"], caught.value.facts["by"]) == (first.audit_id, "Ada")
    await bench.over(first)
    second = await other.audits.begin(ALL, by="Eve")
    assert second.audit_id > first.audit_id
    await other.over(second)


async def test_two_that_start_at_once_are_one_audit(bench: Bench) -> None:
    told = await asyncio.gather(*(bench.audits.begin(ALL, by=name) for name in ("Ada", "Eve", "Bob")), return_exceptions=True)
    begun = [one for one in told if isinstance(one, Audit)]
    assert len(begun) == 1
    assert [type(one) for one in told if not isinstance(one, Audit)] == [AuditRunning, AuditRunning]
    await bench.over(begun[0])


async def test_progress_is_told_as_soon_as_there_is_more_and_the_end_as_soon_as_it_comes(bench: Bench) -> None:
    audit = await bench.begun()
    waiting = asyncio.ensure_future(bench.audits.wait(audit.audit_id, seen=0, seconds=30))
    await bench.clock.let_pass(0.1)
    assert not waiting.done()
    bench.auditor.steps()
    told = await asyncio.wait_for(waiting, 5)
    assert (told.state, told.done, told.total) == (AuditState.RUNNING, 1, 8)
    ending = asyncio.ensure_future(bench.audits.wait(audit.audit_id, seen=1, seconds=30))
    await bench.over(audit)
    assert (await asyncio.wait_for(ending, 5)).state is AuditState.DONE


async def test_who_waits_for_an_audit_that_does_not_move_waits_no_longer_than_asked(bench: Bench) -> None:
    audit = await bench.begun()
    waiting = asyncio.ensure_future(bench.audits.wait(audit.audit_id, seen=0, seconds=3))
    await asyncio.sleep(0)
    await bench.clock.let_pass(2.9)
    assert not waiting.done()
    await bench.clock.let_pass(0.2)
    assert (await asyncio.wait_for(waiting, 5)).done == 0
    await bench.over(audit)


async def test_how_far_it_is_can_be_read_at_another_node(bench: Bench, database: Database, clock: ManualClock) -> None:
    audit = await bench.begun()
    bench.auditor.steps()
    bench.auditor.steps()
    other = Bench(database, clock, node="BeastMirror").audits
    async with asyncio.timeout(10):
        await clock.let_pass(1)
        while (await other.read(audit.audit_id)).done < 2:
            await clock.let_pass(0.001)
    await bench.over(audit)


async def test_an_audit_that_is_cut_off_by_the_node_stopping_is_broken_and_the_next_may_begin(bench: Bench) -> None:
    audit = await bench.begun()
    await bench.audits.stop()
    broken = await bench.audits.read(audit.audit_id)
    assert (broken.state, broken.told) == (AuditState.BROKEN, "the node stopped while it ran")
    assert list(await bench.audits.results(audit.audit_id)) == []
    await bench.over(await bench.audits.begin(ALL, by="Ada"))


async def test_an_audit_that_had_not_come_to_its_first_step_is_cut_off_as_any_other(bench: Bench) -> None:
    audit = await bench.audits.begin(ALL, by="Ada")
    await bench.audits.stop()
    assert (await bench.audits.read(audit.audit_id)).state is AuditState.BROKEN


async def test_after_a_fall_the_node_marks_its_own_audits_broken_and_no_other_nodes(
    bench: Bench, database: Database, clock: ManualClock
) -> None:
    audit = await bench.audits.begin(ALL, by="Ada")
    await Bench(database, clock, node="BeastMirror").audits.start()
    assert (await bench.audits.read(audit.audit_id)).state is AuditState.RUNNING
    again = Bench(database, clock)
    await again.audits.start()
    broken = await again.audits.read(audit.audit_id)
    assert (broken.state, broken.told) == (AuditState.BROKEN, "the node ended while it ran")
    bench.auditor.may_end.set()
    await bench.audits.stop()
    assert (await again.audits.read(audit.audit_id)).state is AuditState.BROKEN, "what a dead node still says changes nothing"


async def test_an_audit_nobody_has_heard_of_for_a_minute_is_broken_for_every_node(
    bench: Bench, database: Database, clock: ManualClock
) -> None:
    audit = await bench.audits.begin(ALL, by="Ada")
    for task in [task for task in asyncio.all_tasks() if task.get_name().endswith("beat")]:
        task.cancel()  # As of a node that is gone.
    other = Bench(database, clock, node="BeastMirror")
    clock.advance(timedelta(seconds=60))
    with pytest.raises(AuditRunning):
        await other.audits.begin(ALL, by="Eve")
    clock.advance(timedelta(seconds=1))
    assert (await other.audits.read(audit.audit_id)).state is AuditState.BROKEN
    await other.over(await other.audits.begin(ALL, by="Eve"))
    await bench.audits.stop()


async def test_an_audit_that_fails_says_so_and_holds_nobody_up(bench: Bench) -> None:
    bench.auditor.fails = RuntimeError("a mistake of ours")
    over = await bench.over(await bench.audits.begin(ALL, by="Ada"))
    assert (over.state, over.told) == (AuditState.BROKEN, "it failed: RuntimeError")
    bench.auditor.fails = None
    assert (await bench.over(await bench.audits.begin(ALL, by="Ada"))).state is AuditState.DONE


async def test_the_oldest_audits_make_room_with_what_they_found(database: Database, clock: ManualClock) -> None:
    await map_only(database, ROWS)
    bench = Bench(database, clock, audits_kept=2)
    begun = [await bench.over(await bench.audits.begin(ALL, by="Ada")) for _ in range(3)]
    assert [one.audit_id for one in await bench.audits.listing()] == [begun[2].audit_id, begun[1].audit_id]
    assert [one.audit_id for one in await bench.audits.listing(before=begun[2].audit_id, limit=5)] == [begun[1].audit_id]
    for asked in (bench.audits.read, bench.audits.results):
        with pytest.raises(AuditUnknown):
            await asked(begun[0].audit_id)
