"""Asking a node from outside, as any caller does: one request on a connection of its own, or one datagram."""

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from trinity_beast.ops.verifying.errors import NodeUnheard
from trinity_beast.ops.verifying.model import Answer

WITHIN_SECONDS = 20.0
SILENCE_SECONDS = 1.0
"""How long nothing must come until we believe that nothing comes."""
BODY_BYTES_MAX = 32 << 20
DATAGRAM_BYTES_MAX = 65_535


@dataclass(frozen=True, slots=True)
class HttpLine:
    """Where a port answers."""

    url: str

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Send one request and return what came back, a body cut short included.

        Raises:
            NodeUnheard: nobody answers there, or not in HTTP.
        """
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise NodeUnheard(url=self.url, reason="it is no address such as http://127.0.0.1:8080")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname, parts.port, timeout=WITHIN_SECONDS)
        try:
            connection.request(method, path, body, {"Connection": "close", **headers})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read(BODY_BYTES_MAX))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NodeUnheard(url=self.url, reason=str(error) or type(error).__name__) from error
        finally:
            connection.close()


@dataclass(frozen=True, slots=True)
class UdpLine:
    """Where datagrams are answered."""

    host: str
    port: int

    def ask(self, datagram: bytes, *, within_seconds: float = WITHIN_SECONDS) -> bytes | None:
        """Send one datagram and return the one that comes back, or None when none does."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.settimeout(within_seconds)
            try:
                line.connect((self.host, self.port))
                line.send(datagram)
                return line.recv(DATAGRAM_BYTES_MAX)
            except OSError:
                return None
