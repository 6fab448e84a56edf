"""Callers that mean harm, each kind a function that opens its connections and leaves them as they are."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

from bench.servers import Node, ask_line

PATIENCE_SECONDS = 20.0
OVERSIZED_BYTES = 20_000


def connected(node: Node) -> socket.socket:
    """Return a connection whose every wait ends."""
    return socket.create_connection(("127.0.0.1", node.http_port), timeout=PATIENCE_SECONDS)


def silent(node: Node) -> socket.socket:
    """Connect and send nothing."""
    return connected(node)


def slow(node: Node) -> socket.socket:
    """Send the beginning of a header that never ends (slowloris)."""
    caller = connected(node)
    caller.sendall(b"GET /price?asset=BTC HTTP/1.1\r\nHost: slow\r\nX-Slow: a")
    return caller


def half_closed(node: Node) -> socket.socket:
    """Ask, close the sending half, and read nothing yet."""
    caller = connected(node)
    caller.sendall(ask_line(node.key, node.http_port))
    caller.shutdown(socket.SHUT_WR)
    return caller


def oversized(node: Node) -> socket.socket:
    """Send a header larger than anybody's."""
    caller = connected(node)
    with suppress(ConnectionError):  # The node may cut us before we are through.
        caller.sendall(b"GET /price?asset=BTC HTTP/1.1\r\nHost: big\r\nX-Big: " + b"a" * OVERSIZED_BYTES)
    return caller


def deaf(node: Node) -> socket.socket:
    """Ask and ask, and never read, until no more can be sent."""
    caller = connected(node)
    caller.setblocking(False)
    block = ask_line(node.key, node.http_port) * 256
    with suppress(BlockingIOError, ConnectionError):
        while True:
            caller.sendall(block)
    caller.settimeout(PATIENCE_SECONDS)
    return caller


@contextmanager
def crowd(node: Node, kind: Callable[[Node], socket.socket], count: int) -> Iterator[list[socket.socket]]:
    """Let `count` callers of one kind in, for as long as the block lasts."""
    with ExitStack() as present:
        yield [present.enter_context(kind(node)) for _ in range(count)]
