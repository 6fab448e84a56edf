"""A way to a server that counts how often somebody waits for an answer there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class RoundTrips:
    """Where to connect instead, and how often a question was sent after the last answer had come."""

    port: int = 0
    count: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, waits: list[bool], is_asking: bool) -> None:
        try:
            while part := await reader.read(65_536):
                if is_asking and not waits[0]:
                    self.count += 1
                waits[0] = is_asking
                writer.write(part)
                await writer.drain()
        finally:
            writer.close()

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        waits = [False]
        for each in (self._pass(reader, back, waits=waits, is_asking=True), self._pass(there, writer, waits=waits, is_asking=False)):
            task = asyncio.get_running_loop().create_task(each)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)


@asynccontextmanager
async def round_trips_to(port: int) -> AsyncIterator[RoundTrips]:
    """Stand before the server at `port` for the length of a block."""
    counted = RoundTrips()
    server = await asyncio.start_server(lambda reader, writer: counted._joined(reader, writer, port), "127.0.0.1", 0)
    counted.port = server.sockets[0].getsockname()[1]
    try:
        yield counted
    finally:
        server.close()
        for task in list(counted._tasks):
            task.cancel()
        await asyncio.gather(*counted._tasks, return_exceptions=True)
