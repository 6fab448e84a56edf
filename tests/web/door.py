"""A thread that plays the engine: it accepts, reads some first bytes, and gives socket and bytes away."""

import os
import socket
import threading
from collections import deque
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True)
class Given:
    descriptor: int
    first_bytes: bytes
    peer: tuple[str, int]
    ticket: int


class Door:
    """Gives each connection away after at most `cut` bytes. `peers` replaces addresses where a test wants to."""

    def __init__(self, cut: int, *, peer: tuple[str, int] | None = None) -> None:
        self._cut, self._peer = cut, peer
        self._waiting: deque[Given] = deque()
        self._event = os.eventfd(0, os.EFD_NONBLOCK)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
        self.port: int = self._listener.getsockname()[1]
        self.ended: list[int] = []
        self.given = 0
        self._gave = threading.Condition()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def fileno(self) -> int:
        return self._event

    def take(self) -> list[Given]:
        try:
            os.eventfd_read(self._event)
        except BlockingIOError:
            return []
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def closed(self, ticket: int) -> None:
        self.ended.append(ticket)

    def wait_given(self, count: int) -> None:
        """Block until `count` connections were given away."""
        with self._gave:
            assert self._gave.wait_for(lambda: self.given >= count, timeout=10)

    def __enter__(self) -> "Door":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10)
        os.close(self._event)

    def _accept(self) -> None:
        while True:
            try:
                connection, peer = self._listener.accept()
            except OSError:
                return
            connection.settimeout(5)
            try:
                first = connection.recv(self._cut)
            except ConnectionError:
                first = b""
            with self._gave:
                self.given += 1
                self._waiting.append(Given(connection.detach(), first, self._peer or peer, self.given))
                os.eventfd_write(self._event, 1)
                self._gave.notify_all()
