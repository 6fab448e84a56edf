"""Three node processes, one Valkey, one PostgreSQL: the bound, through an outage of the cache, and quotas through kill -9.

An outage lasts a few seconds here, and a minute where `BEAST_TEST_OUTAGE_SECONDS=60` says so.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.support.database import Cluster
from tests.support.limit_node import LimitNode, start_limit_node
from tests.support.quota_nodes import ForgetfulDatabase, blocks_left, handed_out, set_tier
from tests.support.valkey import ValkeyServerOfATest
from trinity_beast.access import Digests, Keys
from trinity_beast.clock import SystemClock
from trinity_beast.randomness import SystemSecrets

NODES = 3
RATE, BURST = 60, 60
LEASE = BURST
OUTAGE_SECONDS = float(os.environ.get("BEAST_TEST_OUTAGE_SECONDS", "4"))
SERVER_SECRET = bytes(range(32))
CLOCK = SystemClock()
PAUSE_SECONDS = 0.004
"""Between two requests on one connection: more than the limit together, less than all of the machine."""

pytestmark = pytest.mark.timeout(240 + OUTAGE_SECONDS)


@dataclass
class Load:
    """What callers were told, and when, by the clock of this process."""

    let_in_ns: list[int] = field(default_factory=list)
    told: dict[int, int] = field(default_factory=dict)
    slowest_ns: int = 0

    def add(self, status: int, sent_ns: int, heard_ns: int) -> None:
        self.told[status] = self.told.get(status, 0) + 1
        self.slowest_ns = max(self.slowest_ns, heard_ns - sent_ns)
        if status == 200:
            self.let_in_ns.append(heard_ns)

    def most_beyond(self, *, rate: float, burst: int) -> float:
        """Return by how many the worst window exceeds rate and burst, of all windows."""
        worst, lowest = 0.0, float("inf")
        for count, at_ns in enumerate(sorted(self.let_in_ns)):
            spare = count - rate * at_ns / 1e9
            lowest = min(lowest, spare)
            worst = max(worst, spare + 1 - lowest - burst)
        return worst - rate * self.slowest_ns / 1e9  # It was let in at some time before its answer was heard.


class Caller:
    """One keep-alive connection to one node."""

    def __init__(self, node: LimitNode, secret: str) -> None:
        self._node = node
        self._request = f"GET /price?asset=BTC HTTP/1.1\r\nHost: n\r\nX-API-Key: {secret}\r\n\r\n".encode()
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> tuple[int, bytes]:
        """Ask once; the status and the answer's head."""
        if self._line is None:
            self._line = await asyncio.open_connection("127.0.0.1", self._node.port)
        reader, writer = self._line
        writer.write(self._request)
        async with asyncio.timeout(20):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
        return int(head.split(b" ", 2)[1]), head

    async def hang_up(self) -> None:
        if self._line is not None:
            self._line[1].close()
            with suppress(OSError):
                await self._line[1].wait_closed()
            self._line = None


async def press(load: Load, callers: list[Caller], seconds: float, split: Callable[[int, int], bool] = lambda _turn, _number: True) -> None:
    """Ask on the nodes that `split` names for this turn, each as fast as the pause allows, until time is up."""
    ends_ns = CLOCK.monotonic_ns() + round(seconds * 1e9)

    async def press_one(number: int, caller: Caller) -> None:
        for turn in itertools.count():
            if CLOCK.monotonic_ns() >= ends_ns:
                return
            if split(turn, number):
                sent_ns = CLOCK.monotonic_ns()
                status, _ = await caller.ask()
                load.add(status, sent_ns, CLOCK.monotonic_ns())
            await CLOCK.sleep(PAUSE_SECONDS)

    await asyncio.gather(*[press_one(number, caller) for number, caller in enumerate(callers)])


class Nodes:
    """Three processes, from test to test."""

    def __init__(self, folder: Path, database_url: str, valkey: ValkeyServerOfATest, stack: ExitStack) -> None:
        self._folder, self.database_url, self.valkey, self._stack = folder, database_url, valkey, stack
        self.running = [self.start(f"node{number}") for number in range(NODES)]

    def start(self, name: str) -> LimitNode:
        node = start_limit_node(
            self._folder, name, database_url=self.database_url, cache_url=self.valkey.url, server_secret=SERVER_SECRET
        )  # fmt: skip
        self._stack.callback(node.kill)
        return node

    def restarted(self) -> list[LimitNode]:
        """Start anew those that a test has ended, and return all."""
        for number, node in enumerate(self.running):
            if node.process.poll() is not None:
                self.running[number] = self.start(f"node{number}")
        return self.running


class Site:
    """The nodes, their stores, and whoever asks in this test."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes, self.nodes, self.valkey = nodes, nodes.restarted(), nodes.valkey
        self.database = ForgetfulDatabase(nodes.database_url)
        self.keys = Keys(self.database, Digests(SERVER_SECRET), CLOCK, SystemSecrets())
        self._callers: list[Caller] = []

    def start(self, name: str) -> LimitNode:
        return self._nodes.start(name)

    def caller(self, node: LimitNode, secret: str) -> Caller:
        caller = Caller(node, secret)
        self._callers.append(caller)
        return caller

    async def close(self) -> None:
        for caller in self._callers:
            await caller.hang_up()
        await self.database.close()


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster, module_valkey: ValkeyServerOfATest) -> Iterator[Nodes]:
    url = cluster.clone()
    with ExitStack() as stack:
        stack.callback(cluster.drop, url)
        yield Nodes(tmp_path_factory.mktemp("nodes"), url, module_valkey, stack)


@pytest.fixture
async def site(nodes: Nodes) -> AsyncIterator[Site]:
    site = Site(nodes)
    yield site
    await site.close()


@pytest.mark.parametrize("fault", ["freeze", "kill"])
async def test_the_bound_holds_through_an_outage_of_the_cache_and_almost_all_is_let_in(site: Site, fault: str) -> None:
    await set_tier(site.database, "pro", quota=None, rate=RATE, burst=BURST)
    secret = (await site.keys.issue("pro", "mine")).secret
    callers = [site.caller(node, secret) for node in site.nodes]
    load, began_ns = Load(), CLOCK.monotonic_ns()
    await press(load, callers, 2.0)
    await press(load, callers, 2.0, split=lambda turn, number: turn // 100 % NODES == number)
    site.valkey.freeze() if fault == "freeze" else site.valkey.kill()
    await press(load, callers, OUTAGE_SECONDS)
    site.valkey.thaw() if fault == "freeze" else site.valkey.start()
    await press(load, callers, 4.0)
    seconds = (CLOCK.monotonic_ns() - began_ns) / 1e9
    assert set(load.told) == {200, 429}
    assert load.most_beyond(rate=RATE, burst=BURST) <= NODES * LEASE
    assert len(load.let_in_ns) >= 0.98 * RATE * seconds


async def test_a_single_callers_headers_count_down_by_one_each(site: Site) -> None:
    quota = 30
    await set_tier(site.database, "pro", quota=quota, rate=20, burst=40)
    caller = site.caller(site.nodes[1], (await site.keys.issue("pro", "mine")).secret)
    for left in range(quota - 1, -1, -1):
        status, head = await caller.ask()
        assert status == 200
        assert f'"month";r={left};'.encode() in head
        burst_left = int(head.partition(b'"burst";r=')[2].split(b";")[0])
        assert 40 - (quota - left) <= burst_left <= 40 - (quota - left) + 5, "refilled meanwhile, and nobody else asks"
    status, head = await caller.ask()
    assert (status, b"x-should-retry: false" in head.lower()) == (429, True)


async def test_a_quota_is_spent_to_the_unit_by_three_nodes_of_which_one_is_killed(site: Site) -> None:
    quota = 400
    await set_tier(site.database, "pro", quota=quota, rate=100, burst=50)
    issued = await site.keys.issue("pro", "mine")
    callers = [site.caller(node, issued.secret) for node in site.nodes]
    load = Load()
    await press(load, callers, 1.0)
    site.nodes[2].kill()
    await callers[2].hang_up()
    await press(load, callers[:2], 1.0)
    site.nodes[2] = site.start("node2")
    callers[2] = site.caller(site.nodes[2], issued.secret)
    await press(load, callers, 9.0)
    heads = [await caller.ask() for caller in callers]
    assert [status for status, _ in heads] == [429] * NODES
    assert all(b"x-should-retry: false" in head.lower() for _, head in heads), "the month is spent, and everybody is told so"
    assert len(load.let_in_ns) == quota
    for node in site.nodes:
        node.stop()
    assert (await handed_out(site.database))[f"key:{issued.key.key_id}"] == quota
    assert await blocks_left(site.database) == 0
