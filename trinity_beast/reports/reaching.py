"""Where a report on a terminal comes from: the database itself, or a node asked over HTTP, by an operator or with a customer's key."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec

from trinity_beast.access import Keys, Where, server_digests
from trinity_beast.clock import Clock
from trinity_beast.parameters import Readings
from trinity_beast.randomness import SecretSource
from trinity_beast.reports.accepted import Coding
from trinity_beast.reports.asked import Asked, asked_of, fields_of
from trinity_beast.reports.model import OPERATOR, Form, Kind
from trinity_beast.reports.packing import packing_of
from trinity_beast.reports.service import Reports, Telling, Way
from trinity_beast.reports.streaming import parts_of, writer_of
from trinity_beast.reports.turnstile import Turnstile
from trinity_beast.reports.uses import Uses
from trinity_beast.storage import Database, reached
from trinity_beast.usage import UsageReader
from trinity_beast.web import KnownNode, Opened, RequestIds, Turned

Take = Callable[[bytes], object]
STATEMENT_SECONDS, TRANSACTION_SECONDS = 120.0, 3_600.0
NODE = "shell"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report as the command line names it: fields as a query has them, those not given left out."""

    kind: Kind
    form: Form
    fields: Mapping[str, str]


class Source(Protocol):
    """Who tells reports to a terminal."""

    def bring(self, wanted: Wanted, take: Take) -> Turned | None:
        """Hand a report over, part by part; return why it was refused, if it was.

        Raises:
            TrinityError: it cannot be had.
        """
        ...


@dataclass(frozen=True, slots=True)
class FromNode:
    """A node's port for reports. `prefix` is where whoever holds the key may ask."""

    node: KnownNode
    prefix: str

    def bring(self, wanted: Wanted, take: Take) -> Turned | None:
        """Ask the node."""
        with self.node.opened(f"{self.prefix}/{wanted.kind.value}", **wanted.fields, format=wanted.form.value) as answer:
            match answer:
                case Opened(_, parts):
                    _handed(parts, take)
                    return None
                case Turned():
                    return answer


@dataclass(frozen=True, slots=True)
class FromDatabase:
    """The database of a data folder, whether or not its node runs. Whoever reaches it sees everything."""

    where: Where
    clock: Clock
    secrets: SecretSource

    def bring(self, wanted: Wanted, take: Take) -> Turned | None:
        """Ask the database."""
        asyncio.run(self._bring(wanted, take))
        return None

    async def _bring(self, wanted: Wanted, take: Take) -> None:
        asked = asked_of(wanted.kind, fields_of(urlencode(wanted.fields).encode()), self.clock.now())
        async with self._reports() as reports:
            way = Way(RequestIds(self.clock).next(), wanted.form.value, "cli")
            async with reports.opened(asked, OPERATOR, way) as telling:
                await _told(telling, asked, wanted.form, take)

    @asynccontextmanager
    async def _reports(self) -> AsyncIterator[Reports]:
        async with reached(self.where.whereabouts, clock=self.clock) as (folder, database):
            digests = server_digests(folder, self.secrets, given=self.where.server_secret)
            keys = Keys(database, digests, self.clock, self.secrets)
            looks = Database(database.url, connections_max=1, statement_seconds=STATEMENT_SECONDS, transaction_seconds=TRANSACTION_SECONDS)
            readings, secret = Readings(), digests.derived("report cursors")
            uses = Uses(database, self.clock, readings)
            try:
                yield Reports(UsageReader(looks), uses, keys, Turnstile(readings), clock=self.clock, node=NODE, cursor_secret=secret)
            finally:
                await looks.close()


async def _told(telling: Telling, asked: Asked, form: Form, take: Take) -> None:
    parts = parts_of(telling, writer_of(form, asked, _bare), packing_of(Coding.IDENTITY))
    async for part in parts:
        take(part)


def _bare(data: Mapping[str, object], name: str) -> tuple[bytes, bytes]:
    """Return what stands around the rows where there is no node to put its envelope around them: the data alone."""
    before, opening, after = msgspec.json.encode({"data": {**data, name: []}}).rpartition(f'"{name}":['.encode())
    return before + opening, after


def _handed(parts: Iterator[bytes], take: Take) -> None:
    for part in parts:
        take(part)


def data_of(body: bytes) -> dict[str, Any]:
    """Return the data of a report told as JSON."""
    data: dict[str, Any] = msgspec.json.decode(body)["data"]
    return data


WhereOf = Callable[[Path | None], Where]
