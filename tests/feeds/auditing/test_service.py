"""Audits begun, kept and found again: one at a time, whoever goes away, whatever restarts."""

import asyncio
from datetime import timedelta

import pytest

from tests.support.audited import map_only
from tests.support.audits import ALL, BROKEN, OFFERED, ROWS, Bench
from tests.support.clock import ManualClock
from trinity_beast.feeds.auditing import Audit, AuditState, Verdict, WantedAudit
from trinity_beast.feeds.errors import AuditRunning, AuditUnknown, VenueUnknown
from trinity_beast.storage import Database


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
