"""Asking a node as a stop says, and what came back."""

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from trinity_beast.demo.errors import DemoInvalid
from trinity_beast.demo.lines import Place, datagram_of
from trinity_beast.demo.stops import Stop

ANSWER_SECONDS = 15.0
DATAGRAM_SECONDS = 3.0
ANSWER_BYTES_MAX = 4_194_304


@dataclass(frozen=True, slots=True)
class Answered:
    """What came back, and the code that says how it went; `status` is 0 by datagram."""

    code: str
    status: int
    body: Any


class Asker(Protocol):
    """Asks what a stop asks."""

    def ask(self, stop: Stop) -> Answered:
        """Return the answer; one that never comes has a code of its own."""
        ...


class NodeAsker:
    """Asks a node, by HTTP and by datagram, as any caller does."""

    def __init__(self, place: Place) -> None:
        parts = urlsplit(place.url)
        if parts.scheme != "http" or not parts.hostname:
            raise DemoInvalid(reason=f"{place.url[:100]} is no http://HOST:PORT")
        self._place, self._host, self._port = place, parts.hostname, parts.port

    def ask(self, stop: Stop) -> Answered:
        """Return the answer, the last of several."""
        try:
            return self._by_datagram(stop) if stop.datagram else self._over_http(stop)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answered("NO_ANSWER", 0, str(error))

    def _over_http(self, stop: Stop) -> Answered:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_SECONDS)
        headers = {"Authorization": f"Bearer {key}"} if (key := self._place.key_of(stop)) else {}
        try:
            for _ in range(stop.times):
                connection.request("GET", stop.path, headers=headers)
                answer = connection.getresponse()
                body = json.loads(answer.read(ANSWER_BYTES_MAX))
        finally:
            connection.close()
        return Answered(str(body["code"]) if isinstance(body, dict) and "code" in body else "", answer.status, body)

    def _by_datagram(self, stop: Stop) -> Answered:
        family, kind, _, _, address = socket.getaddrinfo(self._place.udp_host, self._place.udp_port, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as line:
            line.settimeout(DATAGRAM_SECONDS)
            line.connect(address)
            line.send(datagram_of(stop, self._place.key_of(stop)))
            body = json.loads(line.recv(2_048))
        return Answered(str(body.get("code", "")) if isinstance(body, dict) else "", 0, body)
