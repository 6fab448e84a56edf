"""One client's WebSocket at a stand-in."""

import asyncio
import gzip
from collections import deque
from collections.abc import Callable

from aiohttp import WSMsgType, web

from trinity_beast.lab.faults import FaultBoard, Ping, Pong, Wire
from trinity_beast.lab.pace import Limit, Pace
from trinity_beast.words import Symbol

OUTBOX_MAX = 20_000
"""Frames that may wait for a client that does not read. Past it frames are lost, and counted."""


class Connection:
    """What the client asked for, and a bounded outbox, so that a slow or frozen client holds up nobody else."""

    def __init__(
        self,
        number: int,
        socket: web.WebSocketResponse,
        transport: asyncio.Transport,
        faults: FaultBoard,
        *,
        now_ns: Callable[[], int],
        idle_ns: int,
        message_limit: Limit | None = None,
        is_gzipped: bool = False,
    ) -> None:
        self.number, self.idle_ns = number, idle_ns
        self.channels: dict[str, dict[Symbol, None]] = {}
        self.sequence = 0
        self.opened_ns = self.told_ns = self.heard_ns = self.pinged_ns = self.ponged_ns = now_ns()
        self.has_asked = False
        self.lost = self.sent = 0
        self._socket, self._transport, self._faults, self._now_ns, self._is_gzipped = socket, transport, faults, now_ns, is_gzipped
        self._messages = None if message_limit is None else Pace(message_limit)
        self._outbox: deque[Wire] = deque()
        self._wake = asyncio.Event()
        self._last_words: tuple[int, str] | None = None
        self._is_reset = False

    def hold(self, channel: str, symbol: Symbol) -> None:
        """Subscribe the client to a symbol of a channel."""
        self.channels.setdefault(channel, {})[symbol] = None

    def leave(self, channel: str, symbol: Symbol) -> bool:
        """End a subscription and tell whether there was one."""
        held = self.channels.get(channel, {})
        was_held = held.pop(symbol, symbol) is None
        if not held:
            self.channels.pop(channel, None)
        return was_held

    def holds(self, channel: str, symbol: Symbol) -> bool:
        """Tell whether the client is subscribed to a symbol of a channel."""
        return symbol in self.channels.get(channel, ())

    @property
    def subscriptions(self) -> int:
        """How many the client has, over all channels."""
        return sum(map(len, self.channels.values()))

    def heard(self) -> None:
        """Note that the client said something, be it a ping."""
        self.heard_ns = self._now_ns()

    def answered(self) -> None:
        """Note the client's pong."""
        self.ponged_ns = self._now_ns()

    def may_speak(self) -> bool:
        """Count a message and tell whether it is within the venue's limit."""
        return self._messages is None or self._messages.allows(self, self._now_ns())

    def ping(self, now_ns: int) -> None:
        """Send a WebSocket ping."""
        self.pinged_ns = now_ns
        self.enqueue(Ping(b""))

    def put(self, text: str, *, symbol: Symbol | None = None) -> None:
        """Send a frame that belongs to `symbol`, or to nobody; faults may change what becomes of it."""
        self.told_ns = self._now_ns()
        for wire in self._faults.frames(self, symbol, text):
            self.enqueue(wire)

    def enqueue(self, wire: Wire) -> None:
        """Put something on the wire as it is, past all faults."""
        if len(self._outbox) >= OUTBOX_MAX:
            self.lost += 1
            return
        self._outbox.append(wire)
        self._wake.set()

    def close(self, code: int, reason: str) -> None:
        """Close the connection as the protocol has it, after what is still to be sent."""
        self._last_words = (code, reason)
        self._wake.set()

    def reset(self) -> None:
        """Break the connection without a word, now."""
        self._is_reset = True
        self._transport.abort()
        self._wake.set()

    def wake(self) -> None:
        """Look again at whether there is something to send: the faults have changed."""
        self._wake.set()

    async def deliver(self) -> None:
        """Send what is put until the connection ends."""
        while not self._is_reset:
            await self._wake.wait()
            self._wake.clear()
            while self._outbox and not self._faults.is_frozen and not self._is_reset:
                await self._send(self._outbox.popleft())
            if self._last_words is not None and not self._faults.is_frozen:
                code, reason = self._last_words
                await self._socket.close(code=code, message=reason.encode())
                return

    async def _send(self, wire: Wire) -> None:
        self.sent += 1
        if isinstance(wire, str):
            payload, kind = self._framed(wire)
            await self._socket.send_frame(payload, kind)
        elif isinstance(wire, bytes):
            await self._socket.send_frame(wire, WSMsgType.BINARY)
        elif isinstance(wire, Pong):
            await self._socket.pong(wire.payload)
        elif isinstance(wire, Ping):
            await self._socket.ping(wire.payload)
        else:
            self._transport.write(half_of(*self._framed(wire.text)))
            self._is_reset = True
            # Not aborted: what was written must still arrive, and then nothing.
            self._transport.close()

    def _framed(self, text: str) -> tuple[bytes, WSMsgType]:
        if self._is_gzipped:
            return gzip.compress(text.encode(), compresslevel=1, mtime=0), WSMsgType.BINARY
        return text.encode(), WSMsgType.TEXT


def half_of(payload: bytes, kind: WSMsgType) -> bytes:
    """Return the first half of a frame's bytes, header included."""
    length, first = len(payload), 0x80 | kind
    header = (
        bytes([first, length])
        if length < 126
        else bytes([first, 126]) + length.to_bytes(2)
        if length < 65_536
        else bytes([first, 127]) + length.to_bytes(8)
    )
    return header + payload[: length // 2]
