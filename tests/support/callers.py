"""Callers of the engine's HTTP port, down to the byte."""

import json
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

WAIT_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    """One answer as it came over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def envelope(self) -> dict[str, Any]:
        """The body as JSON, its fields in the order they were sent."""
        told: dict[str, Any] = json.loads(self.body)
        return told


class Caller:
    """One connection. Every wait ends after `WAIT_SECONDS`."""

    def __init__(self, port: int, *, at: str = "127.0.0.1", receive_bytes: int | None = None) -> None:
        self.socket = socket.socket()
        self.socket.bind((at, 0))
        self.socket.settimeout(WAIT_SECONDS)
        if receive_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(("127.0.0.1", port))
        self._heard = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.socket.close()

    def send(self, text: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(text)

    def ask(self, target: str, *, secret: str | None = None, method: str = "GET", version: str = "1.1", **headers: str) -> Answer:
        """Ask one thing and return its answer."""
        self.send(request(target, secret=secret, method=method, version=version, **headers))
        return self.answer(is_head=method == "HEAD")

    def answer(self, *, is_head: bool = False) -> Answer:
        """Return the next answer."""
        while b"\r\n\r\n" not in self._heard:
            self._hear()
        head, _, self._heard = self._heard.partition(b"\r\n\r\n")
        first, *lines = head.decode("ascii").split("\r\n")
        headers = {}
        for line in lines:
            name, value = line.split(": ", 1)
            assert name.lower() not in headers, f"{name} came twice"
            headers[name.lower()] = value
        status = int(first.split(" ")[1])
        length = 0 if is_head or status in {204, 304} else int(headers["content-length"])
        while len(self._heard) < length:
            self._hear()
        body, self._heard = self._heard[:length], self._heard[length:]
        return Answer(status, headers, body)

    def hears_the_end(self) -> bool:
        """Return whether the connection ends now, without another byte."""
        if self._heard:
            return False
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def _hear(self) -> None:
        got = self.socket.recv(65_536)
        if not got:
            raise EOFError(f"the connection ended after {self._heard!r}")
        self._heard += got


def request(target: str, *, secret: str | None = None, method: str = "GET", version: str = "1.1", **headers: str) -> bytes:
    """Return the bytes of a request; `_` in a header's name stands for `-`."""
    lines = [f"{method} {target} HTTP/{version}", "Host: localhost"]
    if secret is not None:
        lines.append(f"Authorization: Bearer {secret}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()
