"""An account's month at real nodes: two keys, asked with over HTTP and UDP, spend one quota to the unit."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.callers.fields import limits_of
from tests.readme.product import Product, running
from tests.support.admin import Admin
from tests.support.database import Cluster
from tests.support.quota_nodes import set_tier
from tests.web.caller import Heard, Line, get
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Database

QUOTA = 30
BURST = 60
"""More than the quota: whoever asks first is handed all of it, and the other key has to get its part."""
ADMIN_KEY = "the admin key of an account's test"
PAUSE_SECONDS, TRIES_MAX = 0.05, 600
CLOCK = SystemClock()

pytestmark = pytest.mark.timeout(300)


class Caller:
    """One key at one node, over HTTP and by datagram."""

    def __init__(self, node: Product, secret: str) -> None:
        self._addresses, self._secret = node.ready["addresses"], secret

    async def ask(self, path: str) -> Heard:
        line = await Line.to(_place(self._addresses["price"])[1])
        try:
            await line.say(get(path, f"Authorization: Bearer {self._secret}"))
            return await line.hear()
        finally:
            await line.hang_up()

    async def by_http(self) -> str:
        return _code(await self.ask("/price?asset=BTC"))

    async def by_datagram(self) -> str:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.connect(_place(self._addresses["price_udp"]))
            line.send(json.dumps({"key": self._secret, "asset": "BTC"}).encode().ljust(600))
            async with asyncio.timeout(30):
                return str(json.loads(await asyncio.get_running_loop().sock_recv(line, 2_048))["code"])

    async def month(self) -> dict[str, Any]:
        """Ask what `GET /key` tells of the month."""
        told = json.loads((await self.ask("/key")).body)["data"]
        (month,) = [window for window in told["windows"] if window["name"] == "month"]
        assert (told["quota"], told["quota_left"], told["quota_used"]) == (month["limit"], month["left"], month["used"])
        return dict(month)


def _place(address: str) -> tuple[str, int]:
    host, port = address.rsplit(":", 1)
    return host, int(port)


def _code(heard: Heard) -> str:
    return str(json.loads(heard.body)["code"])


async def told(ask: Callable[[], Awaitable[str]]) -> str:
    """Ask until the answer is no mere request to come again in a second."""
    for _ in range(TRIES_MAX):
        code = await ask()
        if code != "RATE_LIMITED":
            return code
        await CLOCK.sleep(PAUSE_SECONDS)
    raise AssertionError("still RATE_LIMITED")


class Site:
    """Two nodes on one database, and accounts at it."""

    def __init__(self, folder: Path, url: str, stack: ExitStack) -> None:
        self._folder = folder
        self._shared = {"DATABASE_URL": url, "BEAST_SERVER_SECRET": "5e" * 32, "ADMIN_KEY": ADMIN_KEY, "BEAST_ENGINE_THREADS": "1"}
        self._first = stack.enter_context(ExitStack())
        self.nodes = [self._start("Node0", self._first), self._start("Node1", stack)]

    def _start(self, name: str, stack: ExitStack) -> Product:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return stack.enter_context(running(folder, "--feeds", "lab", CLUSTER_NODE=name, **self._shared))

    def restart(self) -> None:
        """Stop the first node in order, and start it anew on its folder."""
        self._first.close()
        self.nodes[0] = self._start("Node0", self._first)

    async def account(self) -> list[str]:
        """Open an account with two keys."""
        admin = Admin(_place(self.nodes[0].ready["addresses"]["price"])[1], ADMIN_KEY)
        account = (await admin.post("/admin/accounts/open", {"name": "Ada"})).data["public_id"]
        issued = [await admin.post("/admin/keys/issue", {"tier": "pro", "name": name, "account": account}) for name in ("page", "app")]
        return [each.data["secret"] for each in issued]

    async def ready(self) -> None:
        """Wait until both nodes have a price."""
        for node in self.nodes:
            demo = Caller(node, node.ready["demo_key"])
            for _ in range(TRIES_MAX):
                if await demo.by_http() == "OK":
                    break
                await CLOCK.sleep(PAUSE_SECONDS)
            else:
                raise AssertionError("no price")


@pytest.fixture(scope="module")
def started(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    url = cluster.clone()
    asyncio.run(_bound(url))
    with ExitStack() as nodes:
        yield Site(tmp_path_factory.mktemp("site"), url, nodes)
    cluster.drop(url)


@pytest.fixture
async def site(started: Site) -> Site:
    await started.ready()
    return started


async def _bound(url: str) -> None:
    database = Database(url)
    await set_tier(database, "pro", quota=QUOTA, rate=2, burst=BURST)
    async with database.transaction() as tx:  # One venue is enough for a price, and spares two nodes the work of five.
        await tx.execute(sa.text("UPDATE exchange_feeds SET enabled = venue = 'coinbase'"))
    await database.close()


@pytest.mark.parametrize("places", [(0, 0), (0, 1)], ids=["one node", "two nodes"])
async def test_two_keys_of_one_account_spend_its_month_together(site: Site, places: tuple[int, int]) -> None:
    callers = [Caller(site.nodes[place], secret) for place, secret in zip(places, await site.account(), strict=True)]
    one, other = callers
    for times, ask in ((8, one.by_http), (7, other.by_datagram), (8, one.by_datagram), (7, other.by_http)):
        assert [await told(ask) for _ in range(times)] == ["OK"] * times

    for caller in callers:
        assert [await told(caller.by_http), await told(caller.by_datagram)] == ["QUOTA_SPENT"] * 2
    for caller in callers:
        heard = await caller.ask("/price?asset=BTC")
        limits = limits_of(heard)
        assert (heard.status, heard.headers["x-should-retry"], "retry-after" in heard.headers) == (429, "false", False)
        assert (limits.quota["month"], limits.left["month"]) == (QUOTA, 0)
        month = await caller.month()
        assert (month["limit"], month["used"], month["left"]) == (QUOTA, QUOTA, 0)


@pytest.mark.parametrize("places", [(0, 0), (0, 1)], ids=["one node", "two nodes"])
async def test_each_key_is_told_what_both_have_used(site: Site, places: tuple[int, int]) -> None:
    callers = [Caller(site.nodes[place], secret) for place, secret in zip(places, await site.account(), strict=True)]
    for caller, times in zip(callers, (7, 4), strict=True):
        assert [await told(caller.by_http) for _ in range(times)] == ["OK"] * times
    for caller in callers:
        for _ in range(TRIES_MAX):  # What others spent is seen within a second or two.
            month = await caller.month()
            if month["used"] == 11:
                break
            await CLOCK.sleep(PAUSE_SECONDS)
        assert (month["used"], month["left"]) == (11, QUOTA - 11)
        assert limits_of(await caller.ask("/key")).left["month"] == QUOTA - 11


async def test_what_an_account_has_spent_is_spent_after_a_restart(site: Site) -> None:
    secrets = await site.account()
    for place, secret in enumerate(secrets):
        caller = Caller(site.nodes[place], secret)
        assert [await told(caller.by_datagram) for _ in range(QUOTA // 2)] == ["OK"] * (QUOTA // 2)

    site.restart()
    await site.ready()
    for secret in secrets:
        caller = Caller(site.nodes[0], secret)
        assert [await told(caller.by_http), await told(caller.by_datagram)] == ["QUOTA_SPENT"] * 2
        assert (await caller.month())["used"] == QUOTA
