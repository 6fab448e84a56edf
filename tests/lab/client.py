"""A client of the stand-ins that knows the documented shapes and nothing of the product's grammar."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.clock import ManualClock

Frame = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """One row of `market_trades`, all as printed."""

    product: str
    trade_id: int
    price: str
    size: str
    time: str
    side: str

    @property
    def time_ns(self) -> int:
        return nanoseconds(self.time)


def nanoseconds(text: str) -> int:
    """Return the Unix nanoseconds of an RFC 3339 time in UTC."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    second = (datetime.fromisoformat(whole + "+00:00") - datetime.fromisoformat("1970-01-01T00:00:00+00:00")) // timedelta(seconds=1)
    return second * 1_000_000_000 + int(fraction.ljust(9, "0"))


def rows_of(frames: list[Frame], kind: str = "update") -> list[Row]:
    """Return the trades of events of this kind, oldest first, in the order the frames came."""
    return [row for frame in frames for row in _rows(frame, kind)]


def _rows(frame: Frame, kind: str) -> Iterator[Row]:
    if frame.get("channel") != "market_trades":
        return
    for event in frame["events"]:
        if event["type"] == kind:
            for row in reversed(event["trades"]):
                yield Row(row["product_id"], int(row["trade_id"]), row["price"], row["size"], row["time"], row["side"])


class LabClient:
    """One WebSocket. `frames` gathers what arrived, raw."""

    def __init__(self, socket: ClientConnection, clock: ManualClock) -> None:
        self.socket, self._clock = socket, clock
        self.raw: list[str | bytes] = []
        self.closed: ConnectionClosed | None = None
        self._reading = asyncio.create_task(self._read())

    @classmethod
    async def connect(cls, url: str, clock: ManualClock) -> Self:
        return cls(await connect(url, max_queue=None, compression=None, ping_interval=None, open_timeout=5), clock)

    async def _read(self) -> None:
        try:
            while True:
                frame = await self.socket.recv()
                self.raw.append(frame)
        except ConnectionClosed as closed:
            self.closed = closed

    async def send(self, **message: object) -> None:
        await self.send_text(json.dumps(message))

    async def send_text(self, text: str) -> None:
        await self.socket.send(text)

    async def subscribe(self, *products: str, channel: str = "market_trades") -> list[Frame]:
        """Subscribe and return what it brought at once."""
        await self.send(type="subscribe", channel=channel, product_ids=list(products))
        return await self.take()

    async def unsubscribe(self, *products: str, channel: str = "market_trades") -> list[Frame]:
        await self.send(type="unsubscribe", channel=channel, product_ids=list(products))
        return await self.take()

    async def take(self) -> list[Frame]:
        """Return the frames that have been sent and not been taken yet."""
        return [json.loads(raw) for raw in await self.take_raw()]

    async def take_raw(self) -> list[str | bytes]:
        async with asyncio.timeout(5):
            with suppress(ConnectionClosed):
                # The answer to a ping comes after everything that was sent before it.
                await (await self.socket.ping())
        taken, self.raw = self.raw, []
        return taken

    async def during(self, seconds: float) -> list[Frame]:
        """Let time pass and return what it brought."""
        await self._clock.let_pass(seconds)
        return await self.take()

    async def ended(self) -> ConnectionClosed:
        """Return how the venue ended the connection."""
        async with asyncio.timeout(5):
            await asyncio.wait([self._reading])
        assert self.closed is not None
        return self.closed

    async def leave(self) -> None:
        self._reading.cancel()
        self.socket.transport.abort()
        await asyncio.gather(self._reading, return_exceptions=True)


class Rest:
    """The REST side."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session, self._base = session, base + "/api/v3/brokerage/market"

    async def get(self, path: str) -> tuple[int, Any]:
        async with self._session.get(self._base + path) as answer:
            return answer.status, await answer.json()

    async def headers(self, path: str) -> tuple[int, dict[str, str]]:
        async with self._session.get(self._base + path) as answer:
            return answer.status, dict(answer.headers)

    async def last(self, product: str) -> Any:
        status, body = await self.get(f"/products/{product}/ticker?limit=1")
        assert status == 200, body
        return body["trades"][0]
