"""A client of any stand-in, and the lab with one venue in it, both on a clock that stands still."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.lab.client import LabClient
from tests.lab.dialects import DIALECTS, Dialect, Row, decode
from tests.support.clock import ManualClock
from trinity_beast.lab import Lab, LabAddresses, MarketTrade, open_market
from trinity_beast.lab.model import MakerSide
from trinity_beast.lab.tape import Tape
from trinity_beast.lab.venues import VENUES
from trinity_beast.randomness import dice_from
from trinity_beast.words import Asset, Symbol, Venue

FEW = (Asset("BTC"), Asset("ETH"), Asset("PEPE"))


class Visitor(LabClient):
    """One WebSocket at one venue, spoken to in its dialect."""

    dialect: Dialect

    async def ask(self, text: str) -> list[Any]:
        """Send a text and return what it brought, an answer that comes at the next pulse included."""
        await self.send_text(text)
        # So that the venue has heard it before time passes.
        first = await self.hear()
        return first + await self.later(0.1)

    async def hear(self) -> list[Any]:
        """Return the messages that came and were not taken yet."""
        return [decode(raw) for raw in await self.take_raw()]

    async def later(self, seconds: float) -> list[Any]:
        """Let time pass and return what it brought."""
        await self._clock.let_pass(seconds)
        return await self.hear()

    async def subscribe_to(self, *symbols: str) -> list[Any]:
        """Subscribe and return what that brought at once."""
        if self.dialect.wait_seconds:
            await self._clock.let_pass(self.dialect.wait_seconds)
        for text in self.dialect.subscribe(symbols):
            await self.send_text(text)
        return await self.hear()

    def rows(self, messages: Sequence[Any]) -> list[Row]:
        """Return the live trades in them."""
        return [row for message in messages for row in self.dialect.rows(message)]


@dataclass
class Played:
    """One venue of a lab, and its visitors."""

    venue: Venue
    lab: Lab
    clock: ManualClock
    addresses: LabAddresses
    dialect: Dialect
    session: aiohttp.ClientSession
    visitors: list[Visitor] = field(default_factory=list)

    async def visit(self) -> Visitor:
        visitor = await Visitor.connect(self.addresses.ws_url, self.clock)
        visitor.dialect = self.dialect
        self.visitors.append(visitor)
        return visitor

    async def get(self, path: str) -> tuple[int, Any]:
        status, body, _ = await self.get_whole(path)
        return status, body

    async def get_whole(self, path: str) -> tuple[int, Any, dict[str, str]]:
        """Return status, body and headers. Where the venue allows one request a second, one passes first."""
        if self.venue == "kraken":
            await self.clock.let_pass(1.0)
        async with self.session.get(self.addresses.rest_url + path) as answer:
            text = await answer.text()
            return answer.status, decode(text), dict(answer.headers)

    async def last(self, symbol: str) -> tuple[str, int]:
        """Return what REST calls the last trade: price and time in ns."""
        assert self.dialect.rest_last is not None
        status, body = await self.get(self.dialect.last_path.replace("SYMBOL", symbol))
        assert status == 200, body
        return self.dialect.rest_last(body)

    async def listed(self) -> dict[str, bool]:
        assert self.dialect.listed is not None
        status, body = await self.get(self.dialect.list_path)
        assert status == 200, body
        return dict(self.dialect.listed(body))

    def tape(self, symbol: str) -> Tape:
        tape = self.lab.market.tape(self.venue, Symbol(symbol))
        assert tape is not None
        return tape

    def true_rows(self, symbol: str, *, after_ns: int, until_ns: int) -> list[Row]:
        """Return what the market printed, as this venue would print it."""
        trades = self.tape(symbol).between(after_ns, until_ns)
        return _folded(trades) if self.dialect.fold else [_row(trade) for trade in trades]

    async def order(self, words: str) -> None:
        """Order a fault of this venue: `mute BTC`, with BTC, ETH and NOPE standing for its symbols."""
        names = {"BTC": self.dialect.btc, "ETH": self.dialect.eth}
        verb, *rest = words.split()
        await self.lab.fault(" ".join([verb, self.venue, *(names.get(word, word) for word in rest)]))


def _row(trade: MarketTrade) -> Row:
    taker = "buy" if trade.maker_side is MakerSide.SELL else "sell"
    return Row(trade.symbol, trade.trade_id, trade.price, Decimal(trade.size), trade.time_ns, taker)


def _folded(trades: Sequence[MarketTrade]) -> list[Row]:
    """Return one row for what an order took at one price: its last id, all of its size."""
    rows = []
    for _, same in groupby(trades, key=lambda trade: (trade.time_ns, trade.price, trade.taker)):
        of_order = list(same)
        rows.append(replace(_row(of_order[-1]), size=sum((Decimal(trade.size) for trade in of_order), Decimal(0))))
    return rows


@asynccontextmanager
async def played(venue: str, *, assets: Sequence[Asset] = FEW, clock: ManualClock | None = None, seed: int = 7) -> AsyncIterator[Played]:
    """Give a lab that plays one venue."""
    clock = clock or ManualClock()
    name = Venue(venue)
    lab = Lab(open_market(seed=seed, kinds={name: VENUES[name]}, assets=assets), clock, dice_from("lab"))
    try:
        addresses = (await lab.start())[name]
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            stage = Played(name, lab, clock, addresses, DIALECTS[venue], session)
            yield stage
            for visitor in stage.visitors:
                await visitor.leave()
    finally:
        await lab.stop()


async def until_done(clock: ManualClock, work: "asyncio.Future[Any]") -> Any:
    """Return what `work` comes to, letting time pass meanwhile."""
    async with asyncio.timeout(5):
        while not work.done():
            await clock.let_pass(0.05)
    return work.result()


PING = b"\x89\x00"
"""An empty ping frame of a server."""


@asynccontextmanager
async def silent_client(stage: Played) -> AsyncIterator[asyncio.StreamReader]:
    """Give what a client gets that shakes hands and then says nothing, not even pong."""
    host, port = stage.addresses.ws_url.removeprefix("ws://").split("/")[0].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    path = urlsplit(stage.addresses.ws_url).path
    headers = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    try:
        yield reader
    finally:
        writer.transport.abort()
