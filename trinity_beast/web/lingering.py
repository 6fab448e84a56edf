"""Closing a connection so that the caller receives the answer it was sent."""

import asyncio
from collections.abc import Callable
from typing import Any


class LingeringTransport(asyncio.Transport):
    """A transport whose `close` is decided by the connection; everything else goes straight through.

    The kernel answers bytes we never read with a reset, and a reset makes the caller's kernel throw away what it
    received. So a connection refused in the middle of an upload must be read a while longer.
    """

    def __init__(self, transport: asyncio.Transport, close: Callable[[], None]) -> None:
        super().__init__()
        self._transport, self._close = transport, close
        self._is_closing = False

    def close(self) -> None:
        """Close once what was written is out."""
        if not self._is_closing:
            self._is_closing = True
            self._close()

    def is_closing(self) -> bool:
        """Whether no more answer can be sent."""
        return self._is_closing or self._transport.is_closing()

    def abort(self) -> None:
        """Cut now."""
        self._is_closing = True
        self._transport.abort()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send `data`, unless the answer is already over."""
        if not self._is_closing:
            self._transport.write(data)

    def write_eof(self) -> None:
        """Tell the caller that nothing more comes."""
        self._transport.write_eof()

    def can_write_eof(self) -> bool:
        """Whether `write_eof` works."""
        return self._transport.can_write_eof()

    def pause_reading(self) -> None:
        """Read no more until `resume_reading`."""
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        if not self._transport.is_closing():
            self._transport.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Give the connection to another protocol."""
        self._transport.set_protocol(protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return who has the connection."""
        return self._transport.get_protocol()

    def get_write_buffer_size(self) -> int:
        """Return how many bytes are not sent yet."""
        return self._transport.get_write_buffer_size()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows of the connection."""
        return self._transport.get_extra_info(name, default)
