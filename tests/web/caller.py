"""A caller that sees every byte."""

import asyncio
from dataclasses import dataclass

WITHIN_SECONDS = 10.0


@dataclass(frozen=True)
class Heard:
    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, port: int) -> "Line":
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=2**22))

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hear(self, method: str = "GET") -> Heard:
        """Read one whole answer."""
        async with asyncio.timeout(WITHIN_SECONDS):
            head = await self.reader.readuntil(b"\r\n\r\n")
            status, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
            body = b""
            if method != "HEAD" and headers.get("transfer-encoding") == "chunked":
                while size := int(await self.reader.readuntil(b"\r\n"), 16):
                    body += (await self.reader.readexactly(size + 2))[:-2]
                await self.reader.readexactly(2)
            elif method != "HEAD":
                body = await self.reader.readexactly(int(headers.get("content-length", "0")))
            return Heard(int(status.split()[1]), headers, body)

    async def rest(self) -> bytes:
        """Read until the other side ends, and return what came. A reset raises."""
        async with asyncio.timeout(WITHIN_SECONDS):
            return await self.reader.read()

    async def hang_up(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


def get(path: str, *headers: str, method: str = "GET") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/1.1", "Host: beast", *headers, "", "")).encode()


async def ask(port: int, data: bytes, method: str = "GET") -> Heard:
    """Ask once on a connection of its own, and see it closed where the answer says so."""
    line = await Line.to(port)
    try:
        await line.say(data)
        heard = await line.hear(method)
        if heard.headers.get("connection") == "close":
            assert await line.rest() == b""
        return heard
    finally:
        await line.hang_up()
