"""A venue of the test's own on 127.0.0.1: it says only what the test makes it say."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from trinity_beast.clock import SystemClock

WAIT_SECONDS = 10.0
_clock = SystemClock()


async def eventually(holds: Callable[[], object], *, within_seconds: float = WAIT_SECONDS) -> None:
    """Return once `holds` does; fail when it does not in time."""
    async with asyncio.timeout(within_seconds):
        while not holds():
            await _clock.sleep(0.002)  # What is waited for happens in objects of another task, which announce nothing.


class Visit:
    """One client's connection, as the venue sees it."""

    def __init__(self, socket: ServerConnection) -> None:
        self._socket = socket
        self.heard: list[str] = []
        self.over = asyncio.Event()

    async def say(self, *messages: str | bytes) -> None:
        for message in messages:
            await self._socket.send(message)

    async def say_in_pieces(self, *pieces: str) -> None:
        """Send one message as several frames."""
        await self._socket.send(pieces)

    async def hears(self, part: str) -> str:
        """Return the first message with `part` in it, waiting for it."""
        await eventually(lambda: any(part in text for text in self.heard))
        return next(text for text in self.heard if part in text)

    async def drop(self) -> None:
        """Cut the line without a word."""
        self._socket.transport.abort()
        await self.over.wait()

    async def close(self, code: int = 1000) -> None:
        await self._socket.close(code)

    async def ping(self) -> None:
        await self._socket.ping()

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code


class FakeVenue:
    """Takes any number of visits. `endpoint` is its address."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.endpoint = ""

    async def visit(self, number: int = 1) -> Visit:
        """Return the visit of that number, waiting for it."""
        await eventually(lambda: len(self.visits) >= number)
        return self.visits[number - 1]

    async def _serve(self, socket: ServerConnection) -> None:
        visit = Visit(socket)
        self.visits.append(visit)
        try:
            async for message in socket:
                visit.heard.append(message if isinstance(message, str) else message.decode())
        except ConnectionClosed:
            pass
        finally:
            visit.over.set()


@asynccontextmanager
async def fake_venue() -> AsyncIterator[FakeVenue]:
    """Run a venue for as long as the block lasts."""
    venue = FakeVenue()
    async with serve(venue._serve, "127.0.0.1", 0, ping_interval=None, close_timeout=1) as server:
        host, port = next(iter(server.sockets)).getsockname()[:2]
        venue.endpoint = f"ws://{host}:{port}"
        yield venue


@asynccontextmanager
async def deaf_venue() -> AsyncIterator[str]:
    """Take connections and never say a word; gives the address."""

    hearing: set[asyncio.Task[object] | None] = set()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hearing.add(asyncio.current_task())
        try:
            while await reader.read(65_536):
                pass
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"ws://{host}:{port}"
    finally:
        server.close()
        await asyncio.gather(*(task for task in hearing if task is not None))
