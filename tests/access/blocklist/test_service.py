from datetime import timedelta

import pytest

from tests.support.clock import ManualClock
from trinity_beast.access.blocklist import BlockInvalid, Blocklist, BlockUnknown, NetworkInvalid, NetworkProtected
from trinity_beast.access.blocklist.model import Standing
from trinity_beast.access.blocklist.network import Network
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.storage import Database


@pytest.fixture
def blocklist(database: Database, clock: ManualClock) -> Blocklist:
    return Blocklist(database, clock)


async def networks(blocklist: Blocklist, *, ended: bool = False) -> list[tuple[str, str]]:
    page = await blocklist.listing(ended=ended)
    return [(str(block.network), block.reason) for block in page.blocks]


async def test_a_block_is_listed_with_its_reason_until_it_ends(blocklist: Blocklist, clock: ManualClock) -> None:
    block = await blocklist.block("203.0.113.9/24", reason="scraping", by="Ada", seconds=60)
    assert (str(block.network), block.blocked_by, block.state(clock.now()).value) == ("203.0.113.0/24", "Ada", "standing")
    await blocklist.block("2001:db8::/32", reason="for good", by="Ada")
    assert await networks(blocklist) == [("2001:db8::/32", "for good"), ("203.0.113.0/24", "scraping")]
    clock.advance(60)
    assert await networks(blocklist) == [("2001:db8::/32", "for good")]
    page = await blocklist.listing(ended=True)
    assert [each.state(clock.now()).value for each in page.blocks] == ["standing", "expired"]


async def test_a_block_is_not_replaced_by_who_has_not_seen_it(blocklist: Blocklist) -> None:
    first = await blocklist.block("203.0.113.7", reason="first", by="Ada", expected_version=0)
    with pytest.raises(ChangedMeanwhile):
        await blocklist.block("203.0.113.7", reason="second", by="Bob", expected_version=0)
    assert await networks(blocklist) == [("203.0.113.7", "first")]
    await blocklist.block("203.0.113.7", reason="second", by="Bob", expected_version=first.block_id)
    assert await networks(blocklist) == [("203.0.113.7", "second")]


async def test_a_second_block_of_a_network_takes_the_place_of_the_first(blocklist: Blocklist, clock: ManualClock) -> None:
    await blocklist.block("203.0.113.7", reason="first", by="Ada", seconds=60)
    await blocklist.block("::ffff:203.0.113.7", reason="second", by="Bob")
    assert await networks(blocklist) == [("203.0.113.7", "second")]
    page = await blocklist.listing(ended=True)
    assert [(each.state(clock.now()).value, each.lifted_by) for each in page.blocks] == [("standing", None), ("lifted", "Bob")]


async def test_what_is_lifted_is_let_in_and_stays_on_record(blocklist: Blocklist) -> None:
    await blocklist.block("203.0.113.0/24", reason="scraping", by="Ada")
    lifted = await blocklist.lift("203.0.113.0/24", by="Bob")
    assert (lifted.lifted_by, await networks(blocklist)) == ("Bob", [])
    assert await networks(blocklist, ended=True) == [("203.0.113.0/24", "scraping")]
    for network in ("203.0.113.0/24", "203.0.113.7"):
        with pytest.raises(BlockUnknown):
            await blocklist.lift(network, by="Bob")


async def test_nobody_shuts_out_the_machine_or_themselves_unless_they_insist(blocklist: Blocklist) -> None:
    for network, own in (("127.0.0.0/8", ""), ("::/0", ""), ("203.0.113.0/24", "203.0.113.7")):
        with pytest.raises(NetworkProtected):
            await blocklist.block(network, reason="oops", by="Ada", own=own)
        await blocklist.block(network, reason="meant", by="Ada", own=own, force=True)


async def test_what_makes_no_sense_is_refused(blocklist: Blocklist) -> None:
    for text in ("nowhere", "10.0.0.0/40"):
        with pytest.raises(NetworkInvalid):
            await blocklist.block(text, reason="r", by="Ada")
    for reason, seconds in (
        ("", 1.0),
        (" ", 1.0),
        ("x" * 201, 1.0),
        ("a\nb", 1.0),
        ("r", 0.0),
        ("r", -1.0),
        ("r", float("nan")),
        ("r", 1e12),
    ):
        with pytest.raises(BlockInvalid):
            await blocklist.block("203.0.113.7", reason=reason, by="Ada", seconds=seconds)
    assert await networks(blocklist, ended=True) == []


async def test_a_long_list_is_read_page_by_page(blocklist: Blocklist) -> None:
    for number in range(5):
        await blocklist.block(f"203.0.113.{number}", reason="r", by="Ada")
    seen, before = [], None
    while True:
        page = await blocklist.listing(before=before, limit=2)
        seen += [str(block.network) for block in page.blocks]
        before = page.next_before
        if before is None:
            break
    assert seen == [f"203.0.113.{number}" for number in (4, 3, 2, 1, 0)]


async def test_nodes_are_told_all_at_first_and_then_what_was_changed(blocklist: Blocklist, clock: ManualClock) -> None:
    await blocklist.block("203.0.113.7", reason="r", by="Ada", seconds=60)
    await blocklist.block("198.51.100.0/24", reason="r", by="Ada")
    told, looked_at = await blocklist.standings(None)
    ends_at = clock.now() + timedelta(seconds=60)
    assert {(str(each.network), each.for_ever, each.expires_at) for each in told} == {
        ("203.0.113.7", False, ends_at), ("198.51.100.0/24", True, None),
    }  # fmt: skip
    await blocklist.lift("203.0.113.7", by="Ada")
    told, _ = await blocklist.standings(looked_at)
    assert Standing(Network.read("203.0.113.7"), is_blocked=False, for_ever=False, expires_at=None) in told
