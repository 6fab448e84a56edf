"""The HTTP edge of REST looks: one GET, its answer whole and bounded, nothing decided."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from yarl import URL

from trinity_beast.feeds.rest.model import LookFailed

AGENT = "trinity-beast"
CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Answer:
    """What a venue answered. `retry_after` is the header as it came."""

    status: int
    body: bytes
    retry_after: str | None = None


class Opener(Protocol):
    """Whatever can ask for an address."""

    async def get(self, url: str, *, bytes_max: int) -> Answer:
        """Return the answer, whatever its status.

        Raises:
            LookFailed: `unreachable`, or `too_long` as soon as more than `bytes_max` came.
        """
        ...

    async def close(self) -> None:
        """Give up every connection."""
        ...


class HttpOpener:
    """Keeps `Opener` over the network. Certificates are checked; redirects are not followed and no proxy is used."""

    def __init__(self, tls: Callable[[], ssl.SSLContext] = ssl.create_default_context) -> None:
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str, *, bytes_max: int) -> Answer:
        """Return the answer to a GET."""
        if self._session is None:
            connector = aiohttp.TCPConnector(ssl=self._tls())
            self._session = aiohttp.ClientSession(connector=connector, headers={"User-Agent": AGENT})
        try:
            async with self._session.get(URL(url, encoded=True), allow_redirects=False) as response:
                body = bytearray()
                async for chunk in response.content.iter_chunked(CHUNK_BYTES):
                    body += chunk
                    if len(body) > bytes_max:  # Counted after inflating, so a small answer cannot unfold into a large one.
                        raise LookFailed("too_long", f"more than {bytes_max} bytes")
                return Answer(response.status, bytes(body), response.headers.get("Retry-After"))
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise LookFailed("unreachable", f"{type(error).__name__}: {error}"[:200]) from error

    async def close(self) -> None:
        """Give up every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None
