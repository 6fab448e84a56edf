"""Asking a node by datagrams: many under way at once, each answer found by its id."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from typing import Self, cast

from trinity_beast.words import Asset

ASSETS_MAX = 8
BYTES = 1_000
"""A question is padded to this: an answer is never more than three times as long."""
ANSWER_SECONDS = 2.0


class Datagrams(asyncio.DatagramProtocol):
    """One socket, connected to a node."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport | None = None
        self._numbers = itertools.count(1)
        self._waiting: dict[str, asyncio.Future[bytes]] = {}

    @classmethod
    async def to(cls, address: tuple[str, int]) -> Self:
        """Return a socket connected to `address`."""
        _, protocol = await asyncio.get_running_loop().create_datagram_endpoint(cls, remote_addr=address)
        return protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.DatagramTransport", transport)  # uvloop's own is no heir of asyncio's class.

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - The node is the only one connected.
        """Give an answer to whoever waits for it."""
        try:
            number = json.loads(data).get("id")
        except (ValueError, AttributeError):
            return
        waiting = self._waiting.pop(str(number), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """Let nobody wait in vain: the node is not there."""

    async def ask(self, key: str, assets: Sequence[Asset]) -> bytes | None:
        """Return the answer to one question, or None when none came in time."""
        assert self._transport is not None, "asked before the socket stood"
        number = str(next(self._numbers))
        what: dict[str, object] = {"asset": assets[0]} if len(assets) == 1 else {"assets": list(assets)}
        waiting = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._transport.sendto(json.dumps({"key": key, "id": number, **what}).encode().ljust(BYTES))
        try:
            return await asyncio.wait_for(waiting, ANSWER_SECONDS)
        except TimeoutError:
            return None
        finally:
            self._waiting.pop(number, None)

    def close(self) -> None:
        """Close the socket."""
        if self._transport is not None:
            self._transport.close()
