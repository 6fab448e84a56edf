"""The doorman asked on behalf of a request that Python answers."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.clock import ManualClock
from tests.support.gate import FakeGate, FakeQuestions
from trinity_beast.access import Digests, Doorman, Keys

LIMIT_SECONDS = 10.0


@pytest.fixture
async def doorman(keys: Keys, clock: ManualClock) -> AsyncIterator[Doorman]:
    questions = FakeQuestions()
    doorman = Doorman(FakeGate(), questions, keys, clock)
    await doorman.start()
    yield doorman
    await doorman.stop()
    questions.close()


async def test_a_known_key_is_let_in_and_its_grant_can_be_told(doorman: Doorman, keys: Keys, digests: Digests) -> None:
    issued = await keys.issue("free", "mine")
    digest = digests.digest_of(issued.secret)
    async with asyncio.timeout(LIMIT_SECONDS):
        assert await doorman.ask(digest) is None
    granted = doorman.grant_of(digest)
    assert granted is not None
    assert (granted.key_id, granted.tier) == (issued.key.key_id, "free")


async def test_an_unknown_key_is_told_why_it_is_refused(doorman: Doorman) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        assert await doorman.ask(b"?" * 32) == "KEY_INVALID"
    assert doorman.grant_of(b"?" * 32) is None


async def test_many_who_ask_at_once_share_one_look(doorman: Doorman) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        told = await asyncio.gather(*(doorman.ask(b"?" * 32) for _ in range(50)))
    assert set(told) == {"KEY_INVALID"}
    assert doorman.tally.looks <= 2


async def test_an_asker_who_leaves_takes_no_answer_from_others(doorman: Doorman) -> None:
    leaving, staying = (asyncio.create_task(doorman.ask(b"?" * 32)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    async with asyncio.timeout(LIMIT_SECONDS):
        assert await staying == "KEY_INVALID"


async def test_whoever_still_waits_when_the_doorman_leaves_is_told_that_the_store_is_away(keys: Keys, clock: ManualClock) -> None:
    questions = FakeQuestions()
    doorman = Doorman(FakeGate(), questions, keys, clock)
    await doorman.start()
    waiting = asyncio.create_task(doorman.ask(b"?" * 32))
    await asyncio.sleep(0)
    await doorman.stop()
    async with asyncio.timeout(LIMIT_SECONDS):
        assert await waiting == "DEPENDENCY_AWAY"
    questions.close()
