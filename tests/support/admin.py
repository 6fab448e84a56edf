"""The feeds' admin API on a port of its own, over a real database, spoken to as an operator."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tests.support.feeds import DOCUMENTED, dice
from tests.web.caller import Line
from tests.web.serving import serving, small_app
from trinity_beast.access import AdminKey, Digests, Operators
from trinity_beast.access.routes import Operated, operation
from trinity_beast.clock import SystemClock
from trinity_beast.feeds import AssetEditor, FeedEditor, Feeds, HttpOpener, Looks, Trial, parse_row
from trinity_beast.feeds.routes import asset_routes, feed_routes
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database
from trinity_beast.web import Router

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

    async def text(self, path: str) -> tuple[str, str]:
        """Return an answer that is no envelope: its content type, and itself."""
        line = await Line.to(self.port)
        try:
            await line.say(
                f"GET {path} HTTP/1.1\r\nHost: beast\r\nAuthorization: Bearer {self.secret}\r\nConnection: close\r\n\r\n".encode()
            )
            heard = await line.hear()
        finally:
            await line.hang_up()
        assert heard.status == 200, heard.body
        return heard.headers["content-type"], heard.body.decode()


class Behind:
    """Stands behind the feeds of a test."""

    def counted(self) -> dict[str, dict[str, int]]:
        return {"liveness": {"renewals": 2}}

    def standing(self) -> dict[str, dict[str, int]]:
        return {"assets": {"live": 25}}


def editor_of(database: Database, feeds: Feeds, **turned: object) -> FeedEditor:
    """A feed editor that tries rows beside `feeds`."""
    readings = Readings()
    trial = Trial(feeds, dict, clock=SystemClock(), dice=dice(), readings=readings)
    for name, value in turned.items():
        readings.turn(name, value)
    return FeedEditor(database, trial, feeds.status)


def no_more(_operator: Operated) -> Sequence[Router]:
    """Nothing but feeds and the map."""
    return ()


@asynccontextmanager
async def admin_api(
    database: Database, feeds: Feeds, more: Callable[[Operated], Sequence[Router]] = no_more
) -> AsyncIterator[Admin]:  # fmt: skip
    """Serve the admin API for the length of a block, and whatever `more` makes of what lets operators in."""
    digests = Digests(bytes(range(32)))
    operator = operation(Operators(AdminKey(digests, digests.digest_of(ADMIN_SECRET)), SystemClock()))
    looks = Looks([parse_row(DOCUMENTED["coinbase"])], opener=HttpOpener(), clock=SystemClock())
    routers = [
        feed_routes(
            editor_of(database, feeds),
            operator=operator,
            clock=SystemClock(),
            rest=looks.status,
            behind=Behind(),
        ),
        asset_routes(AssetEditor(database), operator=operator),
        *more(operator),
    ]
    async with serving(small_app(routers)) as port:
        yield Admin(port)
