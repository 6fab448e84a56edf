"""How long the web edge waits and how much it takes. Every wait and every queue has a bound."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerBounds:
    """Bounds of one server's connections."""

    connections_max: int = 1_024
    header_bytes_max: int = 16_384
    header_seconds: float = 10.0
    idle_seconds: int = 15
    """How long a kept-alive connection may say nothing. Handed connections are never kept alive."""
    unsent_seconds: float = 20.0
    """How long a caller may leave our bytes unread before the connection is cut."""
    linger_seconds: float = 2.0
    """How long what a caller still sends after its answer is read and dropped, so that the answer is not lost with it."""
    linger_bytes_max: int = 4_194_304
    message_bytes_max: int = 1_048_576
    """The largest WebSocket message taken."""


@dataclass(frozen=True, slots=True)
class RequestBounds:
    """Bounds of one request, unless its route says otherwise."""

    body_bytes_max: int = 1_048_576
    request_seconds: float = 30.0
    """From the first byte of the request to the first byte of its answer. A stream may then go on."""
