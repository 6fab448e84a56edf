"""The callers: each asks one node with one key, again and again, and notes every answer that comes and every one that does not."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from trinity_beast.clock import Clock
from trinity_beast.randomness import Dice
from trinity_beast.rehearsal.datagrams import Datagrams
from trinity_beast.rehearsal.meter.model import Cut, Heard, Ledger, number_of
from trinity_beast.words import Asset

ANSWER_SECONDS = 12.0
"""Longer than any node keeps a request waiting."""
AGAIN_SECONDS = 0.1
UNREADABLE_MAX = 20
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
REQUEST_ID = re.compile(rb"\r\nx-request-id: *(\S+)\r\n", re.IGNORECASE)
CODE = re.compile(rb'"code":"([A-Z_]+)"')
CLOSES = re.compile(rb"\r\nconnection: *close\r\n", re.IGNORECASE)

Where = Callable[[], tuple[str, tuple[str, int], tuple[str, int]] | None]
"""Where the node answers now: its name, by HTTP, by datagrams; None while it is down."""


@dataclass(frozen=True, slots=True)
class KeyInUse:
    """A key, and the number its rows bear."""

    key_id: int
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Calling:
    """What all callers of a run share."""

    ledger: Ledger
    assets: tuple[str, ...]
    pause_seconds: float
    clock: Clock
    over: asyncio.Event


class HttpCaller:
    """One connection at a time, kept alive, one request under way."""

    def __init__(self, where: Where, key: KeyInUse, calling: Calling, dice: Dice) -> None:
        self._where, self._key, self._calling, self._dice = where, key, calling, dice

    async def run(self) -> None:
        """Ask until it is over; the last answer is waited for."""
        while not self._calling.over.is_set():
            at = self._where()
            if at is not None:
                await self._over_one_connection(at[0], at[1])
            await self._calling.clock.sleep(AGAIN_SECONDS)

    async def _over_one_connection(self, node: str, address: tuple[str, int]) -> None:
        try:
            reader, writer = await asyncio.open_connection(*address)
        except OSError:
            return
        try:
            while not self._calling.over.is_set() and await self._ask(node, reader, writer):
                await self._calling.clock.sleep(self._calling.pause_seconds * self._dice.uniform(0.5, 1.5))
        finally:
            writer.close()

    async def _ask(self, node: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Ask once; whether the connection can be used on."""
        asset = self._dice.choice(self._calling.assets)
        sent_ns = self._calling.clock.time_ns()
        try:
            writer.write(f"GET /price?asset={asset} HTTP/1.1\r\nHost: beast\r\nX-API-Key: {self._key.secret}\r\n\r\n".encode())
            async with asyncio.timeout(ANSWER_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(int(_found(LENGTH, head)))
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self._calling.ledger.cuts.append(Cut(node, self._key.key_id, sent_ns, self._calling.clock.time_ns()))
            return False
        except ValueError as error:
            self._calling.ledger.unreadable.append(str(error))
            return False
        self._note(node, head, body)
        return CLOSES.search(head) is None

    def _note(self, node: str, head: bytes, body: bytes) -> None:
        status = int(head[9:12])
        code = CODE.search(body)
        try:
            request_id = number_of(_found(REQUEST_ID, head).decode())
        except ValueError as error:
            self._calling.ledger.unreadable.append(str(error))
            return
        self._calling.ledger.heard.append(Heard(node, request_id, self._key.key_id, status, code[1].decode() if code else ""))


class UdpCaller:
    """One socket, one datagram under way."""

    def __init__(self, where: Where, key: KeyInUse, calling: Calling, dice: Dice) -> None:
        self._where, self._key, self._calling, self._dice = where, key, calling, dice

    async def run(self) -> None:
        """Ask until it is over; the last answer is waited for."""
        while not self._calling.over.is_set():
            at = self._where()
            if at is None:
                await self._calling.clock.sleep(AGAIN_SECONDS)
                continue
            datagrams = await Datagrams.to(at[2])
            try:
                while not self._calling.over.is_set() and self._where() == at:
                    await self._ask(at[0], datagrams)
                    await self._calling.clock.sleep(self._calling.pause_seconds * self._dice.uniform(0.5, 1.5))
            finally:
                datagrams.close()

    async def _ask(self, node: str, datagrams: Datagrams) -> None:
        sent_ns = self._calling.clock.time_ns()
        answer = await datagrams.ask(self._key.secret, [Asset(self._dice.choice(self._calling.assets))])
        if answer is None:
            self._calling.ledger.cuts.append(Cut(node, self._key.key_id, sent_ns, self._calling.clock.time_ns()))
            return
        try:
            told = json.loads(answer)
            code = str(told["code"])
            heard = Heard(node, number_of(told["request_id"]), self._key.key_id, 0, code)
        except (ValueError, KeyError, TypeError) as error:
            self._calling.ledger.unreadable.append(f"{answer[:200]!r}: {error!r}")
            return
        self._calling.ledger.heard.append(heard)


def _found(pattern: re.Pattern[bytes], head: bytes) -> bytes:
    found = pattern.search(head)
    if found is None:
        raise ValueError(f"an answer of another kind: {head[:200]!r}")
    return bytes(found[1])
