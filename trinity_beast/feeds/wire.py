"""The socket edge: a WebSocket connection by picows, messages whole, nothing decided."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol

from picows import WSCloseCode, WSFrame, WSListener, WSMsgType, WSTransport, ws_connect

GOODBYE_BYTES_MAX = 120


class WireHandler(Protocol):
    """Who is told what happens on a connection."""

    def opened(self, number: int) -> None:
        """Take in that the connection stands."""
        ...

    def received(self, number: int, payload: bytes, *, binary: bool) -> None:
        """Take in a whole message."""
        ...

    def control_frame(self, number: int) -> None:
        """Take in a WebSocket ping or pong."""
        ...

    def ended(self, number: int, reason: str) -> None:
        """Take in that the connection is over, or never came about. Said once."""
        ...


class Wire(WSListener):
    """One connection. After `close` or `cut` nothing more is told to the handler."""

    def __init__(self, number: int, handler: WireHandler, bytes_max: int, take: Callable[[bytes], bool] | None = None) -> None:
        """Take `take`, which is shown every whole message before the handler; what it takes the handler never sees."""
        self.number, self._handler, self._bytes_max, self._take = number, handler, bytes_max, take
        self._transport: WSTransport | None = None
        self._parts: list[bytes] = []
        self._parts_bytes = 0
        self._binary = False
        self._done = False
        self._dialling: asyncio.Task[None] | None = None

    def dial(self, endpoint: str, *, tls: Callable[[], ssl.SSLContext], connect_seconds: float) -> None:
        """Begin to connect; the handler is told how it went."""
        self._dialling = asyncio.get_running_loop().create_task(self._dial(endpoint, tls, connect_seconds))

    async def _dial(self, endpoint: str, tls: Callable[[], ssl.SSLContext], connect_seconds: float) -> None:
        context = tls() if endpoint.startswith("wss:") else None
        try:
            async with asyncio.timeout(connect_seconds):
                await ws_connect(
                    lambda: self,
                    endpoint,
                    ssl_context=context,
                    max_frame_size=self._bytes_max,
                    websocket_handshake_timeout=connect_seconds,
                    logger_name="trinity_beast.feeds",
                )
        except Exception as error:  # Whatever keeps us from connecting is told, and tried again later.
            self._end(f"{type(error).__name__}: {error}"[:300])

    def send(self, text: str) -> None:
        """Send a text frame; nothing happens once the connection is over."""
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send(WSMsgType.TEXT, text.encode())

    def close(self) -> None:
        """Say goodbye with code 1000. The socket is left to close in order; `cut` ends it for certain."""
        self._finish()
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.send_close(WSCloseCode.OK)
        elif self._dialling is not None:
            self._dialling.cancel()

    def cut(self) -> None:
        """End the connection now."""
        self._finish()
        if self._dialling is not None:
            self._dialling.cancel()
        if self._transport is not None and not self._transport.is_disconnected:
            self._transport.disconnect(graceful=False)

    async def wait_gone(self) -> None:
        """Return once the socket is closed."""
        if self._dialling is not None:
            await asyncio.gather(self._dialling, return_exceptions=True)
        if self._transport is not None:
            await self._transport.wait_disconnected()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Take the transport after the handshake."""
        self._transport = transport
        if self._done:
            transport.disconnect(graceful=False)
        else:
            self._handler.opened(self.number)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame; its bytes live only as long as this call."""
        # Asking a frame for its kind costs more than reading it. What is whole, stands alone and is wholly trades by the
        # venue's row is that, whatever it was sent as.
        if self._take is not None and frame.fin and not self._parts and self._take(frame.get_payload_as_bytes()):
            return
        kind = frame.msg_type
        if kind is WSMsgType.TEXT or kind is WSMsgType.BINARY or kind is WSMsgType.CONTINUATION:
            self._message_frame(transport, frame, kind)
        elif kind is WSMsgType.CLOSE:
            self._end(f"closed by the venue: {frame.get_close_code()} {(frame.get_close_message() or b'')[:GOODBYE_BYTES_MAX]!r}")
            if not transport.is_close_frame_sent:
                transport.send_close(WSCloseCode.OK)
            transport.disconnect()
        elif not self._done:
            self._handler.control_frame(self.number)

    def _message_frame(self, transport: WSTransport, frame: WSFrame, kind: WSMsgType) -> None:
        if self._done:
            return
        payload = frame.get_payload_as_bytes()
        if kind is not WSMsgType.CONTINUATION:
            if frame.fin:
                self._handler.received(self.number, payload, binary=kind is WSMsgType.BINARY)
                return
            self._parts, self._parts_bytes, self._binary = [], 0, kind is WSMsgType.BINARY
        self._parts.append(payload)
        self._parts_bytes += len(payload)
        if self._parts_bytes > self._bytes_max:
            transport.disconnect(graceful=False)
            self._end("a message longer than frame_bytes_max")
        elif frame.fin:
            whole, self._parts = b"".join(self._parts), []
            self._handler.received(self.number, whole, binary=self._binary)

    def on_ws_disconnected(self, transport: WSTransport) -> None:  # noqa: ARG002 - The signature is picows'.
        """Take in that the socket is gone."""
        self._end("connection lost")

    def _end(self, reason: str) -> None:
        if not self._done:
            self._finish()
            self._handler.ended(self.number, reason)

    def _finish(self) -> None:
        self._done, self._take = True, None
