"""A caller that keeps many requests under way and notes every answer that reaches it."""

import json
import re
import selectors
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field

from bench.servers import Node, ask_line

CONNECTIONS = 8
DEPTH = 8
IN_FLIGHT = 16
PATIENCE_SECONDS = 20.0

HEADERS_END = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)
REQUEST_ID = re.compile(rb"\r\nx-request-id: *(\S+)\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole answer over HTTP."""

    status: int
    request_id: str
    body: bytes


def answers_in(stream: bytearray) -> Iterator[Answer]:
    """Take every whole answer from the front of `stream` and leave the rest."""
    while (end := stream.find(HEADERS_END)) >= 0:
        head = bytes(stream[: end + 2])
        length, request_id = LENGTH.search(head), REQUEST_ID.search(head)
        assert length is not None, f"an answer without a length: {head!r}"
        assert request_id is not None, f"an answer without a request id: {head!r}"
        whole = end + len(HEADERS_END) + int(length[1])
        if len(stream) < whole:
            return
        yield Answer(int(head[9:12]), request_id[1].decode(), bytes(stream[end + len(HEADERS_END) : whole]))
        del stream[:whole]


@dataclass(eq=False)
class Line:
    """One connection and what came over it so far."""

    socket: socket.socket
    stream: bytearray = field(default_factory=bytearray)
    is_over: bool = False

    def receive(self) -> list[Answer]:
        """Read what is there; nothing once the connection is over."""
        try:
            came = self.socket.recv(65_536)
        except BlockingIOError:
            return []
        except ConnectionError:
            came = b""
        self.is_over = not came
        self.stream += came
        return list(answers_in(self.stream))


class Caller:
    """Requests over HTTP and UDP, always more of them, until it is told to stop; `told` holds the ids of all answers."""

    def __init__(self, node: Node) -> None:
        self.told: list[str] = []
        self._request, self._node = ask_line(node.key, node.http_port), node
        self._selector = selectors.DefaultSelector()
        self._lines = [Line(socket.create_connection(("127.0.0.1", node.http_port), timeout=PATIENCE_SECONDS)) for _ in range(CONNECTIONS)]
        for line in self._lines:
            line.socket.setblocking(False)
            self._selector.register(line.socket, selectors.EVENT_READ, line)
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.connect(("127.0.0.1", node.udp_port))
        self._datagrams.setblocking(False)
        self._selector.register(self._datagrams, selectors.EVENT_READ, None)
        self._asked = 0

    def call_until(self, answers: int) -> None:
        """Ask and ask again until `answers` have come; requests are under way when this returns."""
        for line in self._lines:
            line.socket.sendall(self._request * DEPTH)
        self._ask_by_datagram(IN_FLIGHT)
        while len(self.told) < answers:
            ready = self._selector.select(PATIENCE_SECONDS)
            assert ready, "the node has fallen silent"
            for key, _ in ready:
                if key.data is None:
                    self._ask_by_datagram(self._hear_datagrams())
                else:
                    key.data.socket.sendall(self._request * self._hear(key.data))

    def hear_the_rest(self) -> None:
        """Read what a server that is no more has still sent, to the end."""
        for line in self._lines:
            line.socket.settimeout(PATIENCE_SECONDS)
            while not line.is_over:
                self._hear(line)
        self._hear_datagrams()

    def close(self) -> None:
        """Hang up."""
        self._selector.close()
        for line in self._lines:
            line.socket.close()
        self._datagrams.close()

    def _hear(self, line: Line) -> int:
        answers = line.receive()
        assert all(answer.status == 200 for answer in answers), [answer for answer in answers if answer.status != 200][:1]
        assert all(json.loads(answer.body)["request_id"] == answer.request_id for answer in answers), "body and header name two ids"
        self.told += [answer.request_id for answer in answers]
        return len(answers)

    def _ask_by_datagram(self, count: int) -> None:
        for _ in range(count):
            self._asked += 1
            asked = {"key": self._node.key, "asset": "BTC", "id": str(self._asked)}
            self._datagrams.send(json.dumps(asked).encode())

    def _hear_datagrams(self) -> int:
        count = 0
        while True:
            try:
                answer = json.loads(self._datagrams.recv(2048))
            except (BlockingIOError, ConnectionRefusedError):
                return count
            assert answer["success"], answer
            self.told.append(answer["request_id"])
            count += 1
