"""The feeds' admin API on a port of its own, over a real database, spoken to as an operator."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.support.feeds import dice
from tests.web.caller import Line
from tests.web.serving import serving, small_app
from trinity_beast.access import AdminKey, Digests, Operators
from trinity_beast.access.routes import operation
from trinity_beast.clock import SystemClock
from trinity_beast.feeds import AssetEditor, FeedEditor, Feeds, Trial
from trinity_beast.feeds.routes import asset_routes, feed_routes
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database

ADMIN_SECRET = "tb_admin_of_this_test_and_of_no_other"


@dataclass(frozen=True)
class Told:
    """An answer: its status and its envelope."""

    status: int
    envelope: dict[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Any:
        assert self.envelope["success"], self.envelope
        return self.envelope["data"]

    @property
    def code(self) -> str:
        return str(self.envelope["code"])

    @property
    def places(self) -> list[str]:
        return [str(error["location"]) for error in self.envelope["errors"]]


@dataclass(frozen=True)
class Admin:
    """Asks the admin API."""

    port: int
    secret: str | None = ADMIN_SECRET

    async def get(self, path: str) -> Told:
        return await self.ask("GET", path)

    async def post(self, path: str, body: object) -> Told:
        return await self.ask("POST", path, msgspec.json.encode(body))

    async def ask(self, method: str, path: str, body: bytes = b"") -> Told:
        lines = [f"{method} {path} HTTP/1.1", "Host: beast", "X-Operator: Ada", f"Content-Length: {len(body)}", "Connection: close"]
        lines += ["Content-Type: application/json"] if body else []
        lines += [f"Authorization: Bearer {self.secret}"] if self.secret is not None else []
        line = await Line.to(self.port)
        try:
            await line.say("\r\n".join([*lines, "", ""]).encode() + body)
            heard = await line.hear()
        finally:
            await line.hang_up()
        return Told(heard.status, msgspec.json.decode(heard.body), heard.headers)


def editor_of(database: Database, feeds: Feeds, **turned: object) -> FeedEditor:
    """A feed editor that tries rows beside `feeds`."""
    readings = Readings()
    trial = Trial(feeds, dict, clock=SystemClock(), dice=dice(), readings=readings)
    for name, value in turned.items():
        readings.turn(name, value)
    return FeedEditor(database, trial, feeds.status)


@asynccontextmanager
async def admin_api(database: Database, feeds: Feeds) -> AsyncIterator[Admin]:
    """Serve the admin API for the length of a block."""
    digests = Digests(bytes(range(32)))
    operator = operation(Operators(AdminKey(digests, digests.digest_of(ADMIN_SECRET)), SystemClock()))
    routers = [
        feed_routes(editor_of(database, feeds), operator=operator, clock=SystemClock()),
        asset_routes(AssetEditor(database), operator=operator),
    ]
    async with serving(small_app(routers)) as port:
        yield Admin(port)
