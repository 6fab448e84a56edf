"""A loopback port that can stop listening and listen again without losing its number."""

import asyncio
import socket
from collections.abc import Callable


class Port:
    """Keeps the number by a socket that is bound and never listens; another one listens while the port is open."""

    def __init__(self, host: str, number: int = 0) -> None:
        self._holder = _bound(host, number)
        self.host, self.number = host, int(self._holder.getsockname()[1])
        self._server: asyncio.Server | None = None

    async def open(self, protocol: Callable[[], asyncio.BaseProtocol]) -> None:
        """Listen. Nothing happens when it already does."""
        if self._server is None:
            listening = _bound(self.host, self.number)
            try:
                self._server = await asyncio.get_running_loop().create_server(protocol, sock=listening)
            except OSError:
                listening.close()
                raise

    def shut(self) -> None:
        """Stop listening; new clients are refused, open connections live on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def release(self) -> None:
        """Stop listening and give the number back."""
        self.shut()
        self._holder.close()


def _bound(host: str, number: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, number))
    except OSError:
        bound.close()
        raise
    return bound
