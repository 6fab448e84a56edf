"""What was set aside is kept until somebody decides, and whoever decides is in the trail."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.clock import ManualClock
from tests.support.segments import Layout, Written
from trinity_beast.audit import Audit, Sought
from trinity_beast.clock import SystemClock
from trinity_beast.engine import UsageBatch
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database
from trinity_beast.usage import Aside, SetAsideUnknown, Settled, Writer
from trinity_beast.usage.aside.model import Kind, Outcome
from trinity_beast.usage.envelope import EnvelopeUnknown, EnvelopeUnreadable, sealed
from trinity_beast.usage.writer import batch_of

NOON_NS = 1_795_176_000_000_000_000  # 2026-11-20T12:00:00Z


@pytest.fixture
def aside(database: Database) -> Aside:
    return Aside(database, Writer(database))


def batch(folder: Path, *, time_ns: int = NOON_NS, records: int = 3, thread: int = 3) -> UsageBatch:
    path = Layout(thread=thread).write(folder, [Written(time_ns=time_ns)] * records)
    return UsageBatch.of_segment(str(path), records_max=1_000)[0]


async def rows(database: Database) -> int:
    async with database.transaction() as tx:
        return int((await tx.execute(sa.text("SELECT count(*) FROM usage_logs"))).scalar_one())


async def kept(aside: Aside) -> list[int]:
    return [each.set_aside_id for each in (await aside.listing()).items]


async def test_a_batch_is_stored_by_a_redrive_and_waits_no_more(aside: Aside, database: Database, tmp_path: Path) -> None:
    await Writer(database).set_aside(batch(tmp_path), reason="a table was locked", tries=3)
    [number] = await kept(aside)
    [told] = await aside.redrive(None, by="Ada", reason="unlocked")
    assert (told.set_aside_id, told.is_stored, told.records) == (number, True, 3)
    assert await rows(database) == 3
    assert await kept(aside) == []
    [settled] = (await aside.listing(settled=True)).items
    assert (settled.outcome, settled.settled_by) == (Outcome.STORED, "Ada")
    [entry] = await Audit(database).entries(Sought(kind="usage_set_aside"))
    assert (entry.by, entry.reason, entry.action, entry.subject) == ("Ada", "unlocked", "redriven", str(number))
    assert entry.after is not None
    assert "packed" not in entry.after


async def test_a_redrive_adds_only_what_is_not_stored_yet(aside: Aside, database: Database, tmp_path: Path) -> None:
    whole = batch(tmp_path)
    await Writer(database).set_aside(whole, reason="no reason any more", tries=1)
    await Writer(database).store(whole.cut(records_max=1)[1])
    [told] = await aside.redrive(None, by="Ada")
    assert told.records == 2
    assert await rows(database) == 3


async def test_what_is_refused_again_goes_on_waiting_with_the_newest_reason(aside: Aside, database: Database, tmp_path: Path) -> None:
    await Writer(database).set_aside(batch(tmp_path, time_ns=1), reason="at first", tries=3)
    [told] = await aside.redrive(None, by="Ada")
    assert (told.is_stored, "1970" in told.reason) == (False, True)
    [waiting] = (await aside.listing()).items
    assert (waiting.tries, "1970" in waiting.reason) == (4, True)


async def test_a_message_of_an_unknown_type_is_stored_once_somebody_knows_it(aside: Aside, database: Database, tmp_path: Path) -> None:
    whole = batch(tmp_path)
    message = sealed(batch_of(whole, whole.packed()))
    await aside.keep_message("m-1", message, EnvelopeUnknown("as if its type were new to us", "usage_log"), tries=1)
    await aside.keep_message("m-2", json.dumps({"type": "invoice", "payload": 1}), EnvelopeUnknown("not ours", "invoice"), tries=1)
    told = await aside.redrive(None, by="Ada")
    assert [one.is_stored for one in told] == [True, False]
    assert await rows(database) == 3
    [waiting] = (await aside.listing()).items
    assert (waiting.message_type, waiting.tries) == ("invoice", 2)


async def test_a_message_that_comes_again_is_kept_once(aside: Aside) -> None:
    for reason in ("at first", "again"):
        await aside.keep_message("m-1", "no envelope \ud800", EnvelopeUnreadable(reason), tries=1)
    [waiting] = (await aside.listing()).items
    assert (waiting.kind, waiting.message_id, waiting.reason) == (Kind.MESSAGE, "m-1", "again")
    [told] = await aside.redrive(None, by="Ada")
    assert not told.is_stored


async def test_all_that_are_named_are_discarded_or_none(aside: Aside, database: Database, tmp_path: Path) -> None:
    for thread in (1, 2):
        await Writer(database).set_aside(batch(tmp_path, thread=thread), reason="poison", tries=3)
    [second, first] = await kept(aside)
    with pytest.raises(SetAsideUnknown):
        await aside.discard([first, second + 1], by="Ada", reason="a test")
    assert await kept(aside) == [second, first]
    await aside.discard([first, second], by="Ada", reason="a test")
    assert await kept(aside) == []
    assert {entry.action for entry in await Audit(database).entries(Sought(kind="usage_set_aside"))} == {"discarded"}
    with pytest.raises(SetAsideUnknown):
        await aside.redrive([first], by="Ada")


async def test_what_was_discarded_stays_so_when_it_comes_again(aside: Aside, database: Database, tmp_path: Path) -> None:
    poison = batch(tmp_path, time_ns=1)
    await Writer(database).set_aside(poison, reason="poison", tries=3)
    await aside.discard(await kept(aside), by="Ada", reason="a test")
    await Writer(database).set_aside(poison, reason="poison still", tries=3)
    assert await kept(aside) == []


@pytest.mark.parametrize("kept_days", [1, 93])
async def test_what_was_settled_is_forgotten_with_the_rows_of_its_time_and_what_waits_is_not(
    aside: Aside, database: Database, tmp_path: Path, kept_days: int
) -> None:
    for thread in range(3):
        await Writer(database).set_aside(batch(tmp_path, thread=thread), reason="poison", tries=3)
    await aside.keep_message("m-1", "nonsense", EnvelopeUnreadable("nonsense"), tries=1)
    message, waiting, stored, discarded = await kept(aside)
    await aside.redrive([stored], by="Ada")
    await aside.discard([discarded, message], by="Ada", reason="a test")
    assert await forgotten_after(database, timedelta(days=kept_days, minutes=-1), kept_days) == 0
    assert await forgotten_after(database, timedelta(days=kept_days, minutes=1), kept_days) == 3
    assert await forgotten_after(database, timedelta(days=kept_days, minutes=1), kept_days) == 0
    left = (await aside.listing(settled=True)).items
    assert [(each.set_aside_id, each.packed_bytes > 0) for each in left] == [(waiting, True), (discarded, False)]


async def test_a_discarded_batch_whose_bytes_are_forgotten_stays_discarded(aside: Aside, database: Database, tmp_path: Path) -> None:
    poison = batch(tmp_path, time_ns=1)
    await Writer(database).set_aside(poison, reason="poison", tries=3)
    await aside.discard(await kept(aside), by="Ada", reason="a test")
    assert await forgotten_after(database, timedelta(days=94), 93) == 1
    await Writer(database).set_aside(poison, reason="poison still", tries=3)
    assert await kept(aside) == []


async def forgotten_after(database: Database, waited: timedelta, kept_days: int) -> int:
    clock = ManualClock(SystemClock().now() + waited)
    return await Settled(database, clock, Readings({"usage_kept_days": str(kept_days)})).forget_old()


async def test_pages_and_counts_tell_all_that_waits(aside: Aside, database: Database, tmp_path: Path) -> None:
    for thread in range(5):
        await Writer(database).set_aside(batch(tmp_path, thread=thread), reason="poison", tries=3)
    await aside.keep_message("m-1", "nonsense", EnvelopeUnreadable("nonsense"), tries=1)
    standing = await aside.standing()
    assert (standing.batches, standing.records, standing.messages) == (5, 15, 1)
    seen: list[int] = []
    before: int | None = None
    while True:
        page = await aside.listing(before=before, limit=4)
        seen += [each.set_aside_id for each in page.items]
        if (before := page.next_before) is None:
            break
    assert len(set(seen)) == len(seen) == 6
    assert seen == sorted(seen, reverse=True)
