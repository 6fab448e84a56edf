"""A flood of random keys at the real engine and the real doorman: each is looked up once at most, and hardly any of one address."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.access.test_at_the_engine import Caller, Node
from trinity_beast.access.key_format import with_checksum
from trinity_beast.storage import Database, DataFolder

KEYS = 1_500
TRIES = 30
"""Wrong keys an address may send, unless an operator says otherwise."""


@pytest.fixture
async def node(own_database: Database, tmp_path: Path) -> AsyncIterator[Node]:
    with DataFolder(tmp_path / "data") as folder:
        node = Node(folder, own_database)
        await node.start()
        yield node
        await node.stop()


def wrong(number: int) -> str:
    return with_checksum(f"tb_live_{number:032}")


async def told(caller: Caller, secrets: list[str]) -> list[str]:
    """Ask with one key after the other on one connection; the codes."""
    codes = []
    for secret in secrets:
        caller.secret = secret
        codes.append((await caller.get())[1])
    return codes


async def test_each_random_key_is_looked_up_once_however_many_requests_carry_it(node: Node) -> None:
    node.engine.tries.set_bounds(most=1_000_000, window_seconds=60, pause_seconds=60)
    known = await node.caller((await node.keys.issue("unlimited", "known")).secret)
    assert await known.get() == (200, "OK")
    before = node.doorman.tally.digests
    secrets = [wrong(number) for number in range(KEYS)]
    callers = [await node.caller("") for _ in range(12)]
    heard = await asyncio.gather(*[told(caller, secrets[place % 4 :: 4]) for place, caller in enumerate(callers)])
    assert {code for codes in heard for code in codes} == {"KEY_INVALID"}
    # The notice that the known one was issued may come after it was let in, and has it looked at again.
    assert node.doorman.tally.digests - before in {KEYS, KEYS + 1}
    assert len(node.doorman.roll) == len(node.engine.keys) == 1, "nothing is kept of keys that nobody has"
    assert await known.get() == (200, "OK")


async def test_of_one_address_only_so_many_are_looked_up_over_http_and_as_many_over_udp(node: Node) -> None:
    known = await node.caller((await node.keys.issue("unlimited", "known")).secret)
    assert (await known.get(), await known.get_datagram()) == ((200, "OK"), "OK")
    before = node.doorman.tally.digests
    guesser = await node.caller("")
    codes = await told(guesser, [wrong(number) for number in range(200)])
    assert codes == ["KEY_INVALID"] * TRIES + ["KEY_TRIES_SPENT"] * (200 - TRIES)
    by_datagram = []
    for number in range(1_000, 1_100):
        guesser.secret = wrong(number)
        by_datagram.append(await guesser.get_datagram())
    assert by_datagram == ["KEY_INVALID"] * TRIES + ["KEY_TRIES_SPENT"] * (100 - TRIES)
    assert node.doorman.tally.digests - before in {2 * TRIES, 2 * TRIES + 1}
    assert (await known.get(), await known.get_datagram()) == ((200, "OK"), "OK")
    counted = node.engine.counters.read()
    assert counted["questions_timed_out"] == 0
