"""Keys at the real engine, over real sockets, in a real database, changed by another process."""

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.database import Cluster
from tests.support.node import CHECKOUT
from tests.support.randomness import SeededSecrets
from trinity_beast.access import CHANNEL, ChangeWatch, Digests, Doorman, EngineGate, Keys, Patience, server_secret
from trinity_beast.access.key_format import with_checksum
from trinity_beast.clock import SystemClock
from trinity_beast.engine import Clock, Engine, Limits
from trinity_beast.randomness import SystemSecrets
from trinity_beast.storage import Database, DataFolder, Notices

WITHIN_SECONDS = 1.0


class Caller:
    """One keep-alive connection and one UDP socket, with one key."""

    def __init__(self, http: tuple[asyncio.StreamReader, asyncio.StreamWriter], udp: socket.socket, secret: str) -> None:
        self._reader, self._writer = http
        self._udp, self.secret = udp, secret

    async def get(self) -> tuple[int, str]:
        """Ask for a price; status and code."""
        self._writer.write(f"GET /price?asset=BTC HTTP/1.1\r\nHost: x\r\nX-API-Key: {self.secret}\r\n\r\n".encode())
        async with asyncio.timeout(30):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = int(head.split("content-length: ")[1].split("\r\n")[0])
            body = json.loads(await self._reader.readexactly(length))
        return int(head.split(" ", 2)[1]), body["code"]

    async def get_datagram(self) -> str:
        """Ask for a price by datagram; its code."""
        question = json.dumps({"key": self.secret, "asset": "BTC"}).encode().ljust(600)
        self._udp.send(question)
        async with asyncio.timeout(30):
            answer = await asyncio.get_running_loop().sock_recv(self._udp, 2048)
        return str(json.loads(answer)["code"])

    async def close(self) -> None:
        self._udp.close()
        self._writer.close()
        await self._writer.wait_closed()


class Node:
    """The price node as far as keys go."""

    def __init__(self, folder: DataFolder, database: Database) -> None:
        clock = SystemClock()
        secret = server_secret(folder, SystemSecrets())
        self.folder, self.database = folder, database
        self.keys = Keys(database, Digests(secret), clock, SeededSecrets())
        self.engine = Engine(
            node="n",
            region="r",
            version="1",
            digest_secret=secret,
            spool_directory=None,
            threads=2,
            clock=Clock.system(),
            limits=Limits(question_seconds=30.0),
        )
        self.engine.book.publish(
            "BTC", "97123.45", "USD", "coinbase", "coinbase-ws",
            exchange_time_ns=clock.time_ns(), received_monotonic_ns=self.engine_now_ns(), usable_for_ns=3_600_000_000_000,
        )  # fmt: skip
        self.doorman = Doorman(EngineGate(self.engine.keys), self.engine.questions, self.keys, clock, Patience(look_seconds=30.0))
        self.watch = ChangeWatch(self.keys, Notices(database.url, CHANNEL, clock), self.doorman, clock)
        self._callers: list[Caller] = []

    @staticmethod
    def engine_now_ns() -> int:
        return Clock.system().monotonic_ns()

    async def start(self) -> None:
        self.http, self.udp = self.engine.listen_http("127.0.0.1", 0), self.engine.listen_udp("127.0.0.1", 0)
        self.engine.start()
        await self.doorman.start()
        await self.watch.start()
        async with asyncio.timeout(10):
            while self.watch.looks < 2:  # noqa: ASYNC110 - It has no event; the time-out bounds it.
                await asyncio.sleep(0)

    async def stop(self) -> None:
        for caller in self._callers:
            await caller.close()
        await self.watch.stop()
        await self.doorman.stop()
        self.engine.stop_accepting()
        await asyncio.to_thread(self.engine.stop, 1.0)

    async def caller(self, secret: str) -> Caller:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.setblocking(False)
        udp.connect(("127.0.0.1", self.udp))
        self._callers.append(Caller(await asyncio.open_connection("127.0.0.1", self.http), udp, secret))
        return self._callers[-1]

    async def beast_keys(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run `beast keys` as another process beside this node."""
        command = [sys.executable, "-m", "tests.support.beast_keys", str(self.folder.path), self.database.url, *words]
        return await asyncio.to_thread(
            lambda: subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=True)
        )


@pytest.fixture
async def node(own_database: Database, tmp_path: Path) -> AsyncIterator[Node]:
    with DataFolder(tmp_path / "data") as folder:
        node = Node(folder, own_database)
        await node.start()
        yield node
        await node.stop()


async def until_refused(caller: Caller) -> str:
    """Ask again and again, for a second at most, until the key is refused; its code."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while (told := (await caller.get())[1]) in {"OK", "RATE_LIMITED"}:  # noqa: ASYNC110 - It asks each time.
            await asyncio.sleep(0)
    return told


async def test_a_key_the_engine_has_not_heard_of_is_let_in_at_its_first_request(node: Node) -> None:
    caller = await node.caller((await node.keys.issue("pro", "mine")).secret)
    assert await caller.get() == (200, "OK")
    assert await caller.get_datagram() == "OK"
    assert node.doorman.tally.questions == 1  # Looks may be two: the notice of its issue can come after it was let in.


async def test_a_key_nobody_issued_is_refused_and_looked_up_once(node: Node) -> None:
    stranger = await node.caller(with_checksum("tb_live_" + "Z" * 32))
    assert [await stranger.get() for _ in range(3)] == [(401, "KEY_INVALID")] * 3
    assert node.doorman.tally.digests == 1


async def test_many_callers_with_one_new_key_cost_one_look(node: Node) -> None:
    secret = (await node.keys.issue("enterprise", "mine")).secret
    callers = [await node.caller(secret) for _ in range(50)]
    assert await asyncio.gather(*[caller.get() for caller in callers]) == [(200, "OK")] * 50
    assert node.doorman.tally.digests == 1


async def test_a_key_revoked_by_another_process_is_refused_within_a_second_on_open_connections(node: Node) -> None:
    issued = await node.keys.issue("unlimited", "mine")
    caller = await node.caller(issued.secret)
    assert (await caller.get(), await caller.get_datagram()) == ((200, "OK"), "OK")

    await node.beast_keys("revoke", issued.key.public_id)

    assert await until_refused(caller) == "KEY_REVOKED"
    assert await caller.get_datagram() == "KEY_REVOKED"


async def test_a_key_issued_by_another_process_is_let_in(node: Node) -> None:
    done = await node.beast_keys("issue", "--tier", "free", "--name", "elsewhere")
    caller = await node.caller(done.stdout.strip())
    assert await caller.get() == (200, "OK")


async def test_a_rotated_key_answers_beside_its_successor_until_its_overlap_ends(node: Node) -> None:
    old = await node.keys.issue("unlimited", "mine")
    caller = await node.caller(old.secret)
    assert await caller.get() == (200, "OK")
    new = await node.keys.rotate(old.key.key_id, overlap=timedelta(0))
    assert await until_refused(caller) == "KEY_EXPIRED"
    assert await (await node.caller(new.secret)).get() == (200, "OK")


async def test_the_demo_tier_is_held_to_its_burst(node: Node) -> None:
    caller = await node.caller((await node.keys.issue("demo", "mine")).secret)
    told = [(await caller.get())[0] for _ in range(12)]
    assert told[:6] == [200] * 6
    assert 429 in told[6:]


async def test_without_a_store_known_keys_answer_and_unknown_ones_are_told_so(node: Node, cluster: Cluster) -> None:
    known = await node.caller((await node.keys.issue("pro", "known")).secret)
    unknown = await node.caller((await node.keys.issue("pro", "unknown")).secret)
    assert await known.get() == (200, "OK")
    cluster.drop(node.database.url)

    assert await known.get() == (200, "OK")
    assert await unknown.get() == (503, "DEPENDENCY_AWAY")


async def test_a_flood_of_random_keys_leaves_known_ones_be(node: Node) -> None:
    known = await node.caller((await node.keys.issue("unlimited", "known")).secret)
    assert await known.get() == (200, "OK")
    strangers = [await node.caller(with_checksum(f"tb_live_{number:032}")) for number in range(300)]
    flood = asyncio.gather(*[stranger.get() for stranger in strangers])
    while not flood.done():
        assert await known.get() == (200, "OK")
    assert set(await flood) == {(401, "KEY_INVALID"), (429, "KEY_TRIES_SPENT")}
    assert node.doorman.tally.digests in {301, 302}  # The notice of its issue can come after the known one was let in.
