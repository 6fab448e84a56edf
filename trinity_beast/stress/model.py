"""The nouns of a stress test."""

from dataclasses import dataclass
from enum import StrEnum

SCHEMES = {"http": "tcp", "udp": "udp"}


class Protocol(StrEnum):
    """How a target is spoken to."""

    TCP = "tcp"
    UDP = "udp"


@dataclass(frozen=True, slots=True)
class Target:
    """Who is asked, and how. `path` is what is asked for over HTTP; empty: prices."""

    protocol: Protocol
    host: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "udp" if self.protocol is Protocol.UDP else "http"
        return f"{scheme}://{host}:{self.port}{self.path}"


@dataclass(frozen=True, slots=True)
class Way:
    """How a target is asked, at every level alike."""

    seconds: float = 10.0
    warm_seconds: float = 1.0
    timeout_seconds: float = 5.0
    rate: float | None = None
    """Requests a second by the clock; None: each caller asks again when it is answered."""
    depth: int = 1
    connections_max: int = 11_000
    keeps_alive: bool = True
    on_wire: int = 4_096
    """Datagrams on the wire at once; callers beyond them wait their turn, and their wait counts."""
    sockets: int = 8
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One target at one level, as one client is to ask it."""

    target: Target
    concurrent: int
    callers: int
    depth: int
    on_wire: int
    rate: float | None
    way: Way
    requests: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How a step stands, over all clients; warming included."""

    seconds: float
    connected: int
    good: int
    refused: int
    failed: int
