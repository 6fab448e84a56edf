"""Changes made by other processes: heard at once, and found within seconds where nobody was heard."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import psycopg
import pytest

from tests.support.clock import ManualClock
from tests.support.gate import FakeGate, FakeQuestions
from trinity_beast.access import CHANNEL, ChangeWatch, Digests, Doorman, Keys, Patience
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Database, Notices

END_LISTENERS = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE application_name = 'trinity-beast notices' AND datname = current_database()
"""


class Node:
    """A running node as far as keys go."""

    def __init__(self, keys: Keys, url: str, clock: ManualClock, listens_to: str) -> None:
        self.gate, self.questions = FakeGate(), FakeQuestions()
        self.doorman = Doorman(self.gate, self.questions, keys, clock, Patience(look_seconds=3600))
        self.watch = ChangeWatch(keys, Notices(url, listens_to, SystemClock()), self.doorman, clock)

    async def start(self) -> None:
        await self.doorman.start()
        await self.watch.start()
        await self.until(lambda: self.watch.looks >= 2)  # The first at the start, the second when the line stood.

    async def stop(self) -> None:
        await self.watch.stop()
        await self.doorman.stop()
        self.questions.close()

    async def let_in(self, digest: bytes) -> None:
        ticket = self.questions.ask(digest)
        await self.until(lambda: ticket in self.questions.answers)

    async def next_look(self, clock: ManualClock) -> None:
        looks = self.watch.looks
        await clock.wait_for_sleepers(2)
        clock.advance(3)
        await self.until(lambda: self.watch.looks > looks)

    async def until(self, holds: Callable[[], bool], within_seconds: float = 10.0) -> None:
        async with asyncio.timeout(within_seconds):
            while not holds():  # noqa: ASYNC110 - What is waited for has no event, or lies in another process.
                await asyncio.sleep(0)


@pytest.fixture
async def node(own_keys: Keys, own_database: Database, clock: ManualClock) -> AsyncIterator[Node]:
    node = Node(own_keys, own_database.url, clock, CHANNEL)
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
async def deaf(own_keys: Keys, own_database: Database, clock: ManualClock) -> AsyncIterator[Node]:
    """A node that hears nothing: its notices come on a channel nobody uses."""
    node = Node(own_keys, own_database.url, clock, "another_channel")
    await node.start()
    yield node
    await node.stop()


async def issued(keys: Keys, digests: Digests) -> tuple[bytes, int]:
    key = await keys.issue("free", "mine")
    return digests.digest_of(key.secret), key.key.key_id


async def test_a_revoked_key_is_refused_within_a_second(node: Node, own_keys: Keys, digests: Digests) -> None:
    digest, key_id = await issued(own_keys, digests)
    await node.let_in(digest)
    await own_keys.revoke(key_id)
    await node.until(lambda: node.gate.refusals == {digest: "KEY_REVOKED"}, within_seconds=1.0)


async def test_a_rotated_key_learns_its_end_within_a_second(node: Node, own_keys: Keys, digests: Digests, clock: ManualClock) -> None:
    digest, key_id = await issued(own_keys, digests)
    await node.let_in(digest)
    await own_keys.rotate(key_id, overlap=timedelta(hours=1))
    await node.until(lambda: node.gate.grants[digest].ends_at == clock.now() + timedelta(hours=1), within_seconds=1.0)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE api_keys SET revoked_at = now()", "DELETE FROM api_keys", "UPDATE api_keys SET digest = decode(repeat('ab', 32), 'hex')"],
)
async def test_a_change_made_by_hand_is_heard_too(node: Node, own_keys: Keys, digests: Digests, statement: str) -> None:
    digest, _ = await issued(own_keys, digests)
    await node.let_in(digest)
    with psycopg.connect(node_url(own_keys)) as hand:
        hand.execute(statement.encode())
    await node.until(lambda: digest in node.gate.refusals, within_seconds=1.0)


async def test_a_changed_tier_reaches_its_keys_within_a_second(node: Node, own_keys: Keys, digests: Digests) -> None:
    digest, _ = await issued(own_keys, digests)
    await node.let_in(digest)
    with psycopg.connect(node_url(own_keys)) as hand:
        hand.execute("UPDATE rate_limit_template SET rate_per_second = 77 WHERE tier = 'free'")
    await node.until(lambda: node.gate.grants[digest].rate_per_second == 77.0, within_seconds=1.0)


async def test_a_key_refused_as_invalid_and_then_issued_may_ask_again(node: Node, own_keys: Keys, digests: Digests) -> None:
    digest = digests.digest_of("chosen elsewhere")
    await node.let_in(digest)
    assert node.gate.refusals == {digest: "KEY_INVALID"}
    issued_kind = (await own_keys.issue("demo", "another")).key.kind
    await own_keys.keep("chosen elsewhere", "demo", "demo", issued_kind)
    await node.until(lambda: digest not in node.gate.refusals, within_seconds=1.0)


@pytest.mark.parametrize(
    "payload", ["", "digest", "digest zz", "digest " + "é" * 64, "digest " + "A" * 64, "tier", "tier of nobody", "x" * 4000]
)
async def test_whatever_is_announced_by_whomever_the_watch_goes_on(node: Node, own_keys: Keys, digests: Digests, payload: str) -> None:
    digest, key_id = await issued(own_keys, digests)
    await node.let_in(digest)
    with psycopg.connect(node_url(own_keys)) as hand:
        hand.execute("SELECT pg_notify('api_keys', %s)", [payload])
    await own_keys.revoke(key_id)
    await node.until(lambda: node.gate.refusals == {digest: "KEY_REVOKED"}, within_seconds=1.0)


async def test_counting_use_is_no_change(node: Node, own_keys: Keys, digests: Digests) -> None:
    digest, key_id = await issued(own_keys, digests)
    await node.let_in(digest)
    with psycopg.connect(node_url(own_keys)) as hand:
        hand.execute("UPDATE rate_limit_template SET rate_per_second = 76 WHERE tier = 'free'")
    await node.until(lambda: node.gate.grants[digest].rate_per_second == 76.0)  # Whatever was told before has been heard.
    looks = node.doorman.tally.looks
    await own_keys.add_use({key_id: 5})
    await own_keys.issue("free", "a change that is heard after it")
    with psycopg.connect(node_url(own_keys)) as hand:
        hand.execute("UPDATE rate_limit_template SET rate_per_second = 78 WHERE tier = 'free'")
    await node.until(lambda: node.gate.grants[digest].rate_per_second == 78.0)
    assert node.doorman.tally.looks == looks + 1


async def test_what_nobody_heard_is_found_at_the_next_look(deaf: Node, own_keys: Keys, digests: Digests, clock: ManualClock) -> None:
    digest, key_id = await issued(own_keys, digests)
    await deaf.let_in(digest)
    await own_keys.revoke(key_id)
    await deaf.next_look(clock)
    await deaf.until(lambda: deaf.gate.refusals == {digest: "KEY_REVOKED"}, within_seconds=1.0)


async def test_a_change_is_acted_upon_once_though_it_is_seen_more_often(
    deaf: Node, own_keys: Keys, digests: Digests, clock: ManualClock
) -> None:
    digest, key_id = await issued(own_keys, digests)
    await deaf.let_in(digest)
    await deaf.next_look(clock)
    await deaf.until(lambda: deaf.doorman.tally.digests >= 2)
    seen = deaf.doorman.tally.digests
    for _ in range(4):
        await deaf.next_look(clock)
    assert deaf.doorman.tally.digests == seen
    await own_keys.revoke(key_id)
    await deaf.next_look(clock)
    await deaf.until(lambda: deaf.gate.refusals == {digest: "KEY_REVOKED"})


async def test_a_change_that_was_committed_late_is_found_though_it_is_stamped_early(
    deaf: Node, own_keys: Keys, digests: Digests, clock: ManualClock
) -> None:
    digest, _ = await issued(own_keys, digests)
    await deaf.let_in(digest)
    await deaf.next_look(clock)
    await deaf.until(lambda: deaf.doorman.tally.digests == 2)  # That it was issued has been followed: nothing else leads to the key.
    with psycopg.connect(node_url(own_keys)) as slow:
        slow.execute("UPDATE api_keys SET revoked_at = now()")
        await deaf.next_look(clock)
        assert digest in deaf.gate.grants
    await deaf.next_look(clock)
    await deaf.until(lambda: deaf.gate.refusals == {digest: "KEY_REVOKED"}, within_seconds=1.0)


async def test_what_changed_while_the_line_was_down_is_found_when_it_stands_again(node: Node, own_keys: Keys, digests: Digests) -> None:
    digest, key_id = await issued(own_keys, digests)
    await node.let_in(digest)
    with psycopg.connect(node_url(own_keys), autocommit=True) as other:
        other.execute(END_LISTENERS)
    await own_keys.revoke(key_id)
    await node.until(lambda: node.gate.refusals == {digest: "KEY_REVOKED"})


def node_url(keys: Keys) -> str:
    return keys._database.url
