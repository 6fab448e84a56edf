"""Reports on a port of their own: a real database with real rows, keys that tests can foresee, time that stands still."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import sqlalchemy as sa

from tests.support.clock import ManualClock
from tests.support.engine_keys import LIVE_SECRET, OTHER_SECRET, FakeDoorman, FakeEngineKeys, grant
from tests.support.segments import Layout, Written
from tests.support.stored import ns_of, store
from tests.web.caller import Heard, Line, ask, get
from tests.web.serving import serving
from trinity_beast import content
from trinity_beast.access import AdminKey, Callers, Digests, Grant, Keys, Operators
from trinity_beast.access.routes import operation
from trinity_beast.parameters import Readings
from trinity_beast.randomness import SystemSecrets
from trinity_beast.reports import Askers, Compact, Reports, Turnstile, Uses
from trinity_beast.reports.routes import report_admin_routes, report_routes
from trinity_beast.storage import Database
from trinity_beast.usage import UsageReader
from trinity_beast.web import Identity, RequestIds, build_app

NOON = datetime(2021, 3, 10, 12, tzinfo=UTC)
"""Long over by the database's own clock, whenever a test runs."""
ADMIN_SECRET = "tb_admin_of_this_test_and_of_no_other"
DIGESTS = Digests(bytes(range(32)))
SECRETS = {"ours": LIVE_SECRET, "theirs": OTHER_SECRET}


@dataclass(frozen=True)
class Stage:
    """What a test does with it."""

    database: Database
    clock: ManualClock
    readings: Readings
    port: int
    folder: Path
    compact: Compact
    counted: "Counter[str]"
    threads: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def record(self, records: Sequence[Written], *, thread: int | None = None, first_sequence: int = 1) -> None:
        """Store answers, in a lane of their own unless one is named."""
        lane = next(self.threads) if thread is None else thread
        await store(self.database, self.folder, records, Layout(thread=lane, first_sequence=first_sequence))

    async def ask(self, path: str, *, who: str = "ours", headers: Sequence[str] = (), method: str = "GET", **fields: object) -> Heard:
        """Ask for something and return the answer."""
        secret = ADMIN_SECRET if who == "operator" else SECRETS.get(who)
        carried = [f"Authorization: Bearer {secret}"] if secret else []
        address = f"{path}?{urlencode(fields)}" if fields else path
        return await ask(self.port, get(address, *carried, *headers, "Connection: close", method=method), method)

    async def told(self, path: str, **given: Any) -> dict[str, Any]:
        """Ask for a report as JSON and return its data."""
        heard = await self.ask(path, **given)
        envelope = msgspec.json.decode(heard.body)
        assert heard.status == 200, envelope
        data: dict[str, Any] = envelope["data"]
        return data

    async def refused(self, path: str, **given: Any) -> tuple[int, str]:
        """Ask for a report that is refused; return the status and the code."""
        heard = await self.ask(path, **given)
        envelope = msgspec.json.decode(heard.body)
        assert envelope["success"] is False
        assert (envelope["status"], envelope["type"]) == (heard.status, f"/problems/{envelope['code']}")
        assert heard.headers["content-type"] == "application/problem+json"
        return heard.status, str(envelope["code"])

    async def line(self) -> Line:
        """Return a connection."""
        return await Line.to(self.port)

    async def query(self, statement: str) -> list[tuple[Any, ...]]:
        """Return what the database says."""
        async with self.database.transaction() as tx:
            return [tuple(row) for row in await tx.execute(sa.text(statement))]


def answered(seconds: float = 0, **changes: Any) -> Written:
    """Return a record of key 7, so many seconds from noon."""
    return replace(Written(time_ns=ns_of(NOON + timedelta(seconds=seconds)), protocol=1, flags=1), **changes)


@asynccontextmanager
async def staged(
    database: Database, folder: Path, grants: Mapping[str, Grant | None] | None = None, *, refusal: str = "KEY_INVALID"
) -> AsyncIterator[Stage]:
    """Serve reports for the length of a block.

    `grants` says what the keys `ours` (7) and `theirs` (8) may do; None is refused with `refusal`.
    """
    clock, readings = ManualClock(NOON), Readings()
    keys, engine_keys = Keys(database, DIGESTS, clock, SystemSecrets()), FakeEngineKeys()
    given = {"ours": granted(), "theirs": granted(key_id=8)} | dict(grants or {})
    let_in = {SECRETS[name]: each for name, each in given.items() if each is not None}
    callers = Callers(engine_keys, FakeDoorman(engine_keys, let_in, refusal))
    looks = Database(database.url)
    reports = Reports(
        UsageReader(looks),
        Uses(database, clock, readings),
        keys,
        Turnstile(readings),
        clock=clock,
        node="BeastMain",
        cursor_secret=b"of this test",
    )
    askers, counted, names = Askers(callers, keys), Counter[str](), RequestIds(clock)

    def count(name: str, amount: int) -> None:
        counted[name] += amount

    compact = Compact(reports, askers, clock=clock, names=names, words=content, node="BeastMain", count=count)
    operator = operation(Operators(AdminKey(DIGESTS, DIGESTS.digest_of(ADMIN_SECRET)), clock))
    app = build_app(
        [report_routes(reports, askers), report_admin_routes(reports, operator=operator)],
        title="Reports",
        about="Reports.",
        links=(),
        identity=Identity("LRS", "BeastMain", "local", "1"),
        words=content,
        clock=clock,
        request_ids=names,
        limits=callers.known_limits,
    )
    try:
        async with serving(app) as port:
            yield Stage(database, clock, readings, port, folder, compact, counted)
    finally:
        await asyncio.wait_for(looks.close(), 10)


def granted(**changes: object) -> Grant:
    """Return what a key may do: many requests, and reports without a bound."""
    return grant(**({"burst": 1_000, "quota": None, "quota_left": 0} | changes))
