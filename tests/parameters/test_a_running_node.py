"""Every parameter and every profile on a real node that serves prices of the lab, with a database and a shared cache."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.readme.product import Product, running
from tests.support.admin import Admin
from tests.support.database import Cluster
from tests.support.valkey import ValkeyServerOfATest
from trinity_beast.compose.knobs import declarations
from trinity_beast.parameters import Parameter, Value
from trinity_beast.parameters.built_in import PROFILES

ADMIN_KEY = "the admin key of a node to be turned"
ANSWER_SECONDS = 30.0
DECLARED = list(declarations())
TEXTS = {"prewarm_assets": ("BTC", "BTC,ETH,SOL")}

OF_A_QUEUE = {name for name in declarations().defaults() if name.startswith("sqs_")} | {
    "usage_hold_seconds", "usage_receivers", "usage_resend_seconds"
}  # fmt: skip
"""Read where QUEUE_URL names a queue, by nodes and writers; this node has none. `tests/usage` turns them."""
OF_OUTLETS = {"cloudwatch_publish_seconds", "cloudwatch_pending_max", "trace_share", "trace_spans_max", "trace_export_seconds"}
"""Read where the settings name somebody outside to tell; this node tells nobody. `tests/telemetry` turns them."""
ELSEWHERE = OF_A_QUEUE | OF_OUTLETS


@pytest.fixture(scope="module")
def node(cluster: Cluster, valkey_server: ValkeyServerOfATest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    url = cluster.clone()
    shared = {"DATABASE_URL": url, "CACHE_URL": valkey_server.url, "BEAST_SERVER_SECRET": "6f" * 32, "ADMIN_KEY": ADMIN_KEY}
    try:
        with running(tmp_path_factory.mktemp("node"), "--feeds", "lab", **shared, BEAST_ENGINE_THREADS="1") as node:
            yield node
    finally:
        cluster.drop(url)


@pytest.fixture
def admin(node: Product) -> Admin:
    return Admin(_port(node, "price"), ADMIN_KEY)


@pytest.fixture(scope="module")
def secret(node: Product) -> str:
    """A key without limits, that is never shed, in use already."""
    asked = Admin(_port(node, "price"), ADMIN_KEY).post("/admin/keys/issue", {"tier": "partner", "name": "load"})
    secret = str(asyncio.run(asked).data["secret"])
    asyncio.run(_answered(_port(node, "price_udp"), secret))
    return secret


@pytest.fixture
async def load(node: Product, secret: str) -> AsyncIterator["Load"]:
    """Requests that never cease, over kept-alive connections and by datagram."""
    load = Load(_port(node, "price"), _port(node, "price_udp"), secret)
    async with load.going():
        yield load


async def test_every_parameter_of_the_program_is_read_by_the_node(admin: Admin) -> None:
    told = (await admin.get("/admin/parameters")).data["parameters"]
    assert {one["name"] for one in told if one["here"] is None} == ELSEWHERE
    assert len(told) == len(DECLARED) >= 80


@pytest.mark.parametrize("end", [0, 1], ids=["least", "most"])
@pytest.mark.parametrize("parameter", DECLARED, ids=lambda one: one.name)
async def test_at_both_ends_of_its_range_it_is_in_force_and_prices_are_answered(
    admin: Admin, node: Product, secret: str, parameter: Parameter[Any], end: int
) -> None:
    values = {name: _ends(declarations().named(name))[end] for name in sorted(_together(parameter.name))}
    saved = await admin.post("/admin/parameters/save", {"values": values})
    assert saved.status == 200, saved.envelope
    try:
        await admin.post("/admin/reload-params", None)
        here = await _here(admin, parameter.group)
        assert {name: here[name] for name in values} == {name: None if name in ELSEWHERE else values[name] for name in values}
        assert await _answer(_port(node, "price_udp"), secret) == "OK"
    finally:
        assert (await admin.post("/admin/parameters/save", {"values": dict.fromkeys(values)})).status == 200
        await admin.post("/admin/reload-params", None)


async def test_beyond_its_range_every_one_is_refused_with_the_reason(admin: Admin) -> None:
    for parameter in DECLARED:
        least, most = _ends(parameter)
        if isinstance(least, str) or isinstance(most, str) or parameter.kind is bool:
            continue
        for beyond in (least - 1, most + 1):
            told = await admin.post("/admin/parameters/save", {"values": {parameter.name: beyond}})
            assert (told.status, told.code) == (400, "PARAMETER_INVALID")
            assert parameter.name in told.envelope["message"]


async def test_all_sixteen_profiles_are_applied_in_turn_under_load_without_a_failed_request(admin: Admin, load: "Load") -> None:
    await load.answers(20)
    for profile in PROFILES.values():
        differences = (await admin.get(f"/admin/system-mode?mode={profile.name}&preview=true")).data["differences"]
        applied = (await admin.get(f"/admin/system-mode?mode={profile.name}")).data
        assert (applied["profile"], applied["differences"]) == (profile.name, differences)
        deployed = (await admin.post("/admin/force-deploy-params", None)).data
        assert (deployed["version"], deployed["behind"]) == (applied["version"], [])
        whole = declarations().whole(profile.values)
        assert await _here(admin) == {name: None if name in ELSEWHERE else value for name, value in whole.items()}
        await load.answers(20)
    previous = (await admin.get("/admin/system-mode?mode=previous")).data
    assert previous["profile"] == list(PROFILES)[-2]
    await admin.post("/admin/parameters/save", {"values": dict.fromkeys(one.name for one in DECLARED)})
    assert load.refused == []


@dataclass
class Load:
    """Asks for a price again and again, four at once over HTTP and one by datagram."""

    port: int
    udp_port: int
    secret: str
    answered: int = 0
    refused: list[str] = field(default_factory=list)
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    @asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._over_http()) for _ in range(4)] + [asyncio.create_task(self._by_datagram())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(each, asyncio.CancelledError) for each in ended), ended

    async def answers(self, more: int) -> None:
        """Wait until so many more answers have come."""
        wanted = self.answered + more
        async with asyncio.timeout(ANSWER_SECONDS), self._moved:
            await self._moved.wait_for(lambda: self.answered >= wanted)

    async def _over_http(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            while True:
                await self._note(await self._asked(reader, writer))
        finally:
            writer.close()

    async def _asked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str:
        writer.write(f"GET /price?asset=BTC HTTP/1.1\r\nHost: x\r\nX-API-Key: {self.secret}\r\n\r\n".encode())
        async with asyncio.timeout(ANSWER_SECONDS):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            body = await reader.readexactly(int(head.split("content-length: ")[1].split("\r\n")[0]))
        return str(json.loads(body)["code"])

    async def _by_datagram(self) -> None:
        while True:
            await self._note(await _answer(self.udp_port, self.secret))

    async def _note(self, code: str) -> None:
        async with self._moved:
            self.answered += 1
            if code != "OK":
                self.refused.append(code)
            self._moved.notify_all()


async def _here(admin: Admin, group: str = "") -> dict[str, Value]:
    return {one["name"]: one["here"] for one in (await admin.get(f"/admin/parameters?group={group}")).data["parameters"]}


async def _answered(port: int, secret: str) -> None:
    """Ask until there is a price."""
    async with asyncio.timeout(ANSWER_SECONDS):
        while await _answer(port, secret) != "OK":  # noqa: ASYNC110 - It asks each time.
            await asyncio.sleep(0)


async def _answer(port: int, secret: str) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setblocking(False)
        udp.connect(("127.0.0.1", port))
        udp.send(json.dumps({"key": secret, "asset": "BTC"}).encode().ljust(600))
        async with asyncio.timeout(ANSWER_SECONDS):
            return str(json.loads(await asyncio.get_running_loop().sock_recv(udp, 2_048))["code"])


def _together(name: str) -> set[str]:
    """Return the parameters that must agree with this one, and itself."""
    return {name} | {other for agreement in declarations().agreements if name in agreement.names for other in agreement.names}


def _ends(parameter: Parameter[Any]) -> tuple[Value, Value]:
    if parameter.kind is bool:
        return False, True
    if parameter.kind is str:
        return TEXTS[parameter.name] if not parameter.choices else (parameter.choices[0], parameter.choices[-1])
    assert parameter.least is not None
    assert parameter.most is not None
    return parameter.least, parameter.most


def _port(node: Product, name: str) -> int:
    return int(str(node.ready["addresses"][name]).rsplit(":", 1)[1])
