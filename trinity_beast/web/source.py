"""Where handed connections come from. `engine.Door` keeps this."""

from collections.abc import Sequence
from typing import Protocol


class HandedConnection(Protocol):
    """A connection given away: its socket and what was already read from it."""

    @property
    def descriptor(self) -> int:
        """The socket's file descriptor, whose owner the taker becomes."""
        ...

    @property
    def first_bytes(self) -> bytes:
        """What was read from it before."""
        ...

    @property
    def peer(self) -> tuple[str, int]:
        """The caller's address and port."""
        ...

    @property
    def ticket(self) -> int:
        """By which its end is told."""
        ...


class ConnectionSource(Protocol):
    """Whoever accepts connections and gives some away."""

    def fileno(self) -> int:
        """Return a descriptor that is readable while connections wait."""
        ...

    def take(self) -> Sequence[HandedConnection]:
        """Return all waiting connections and clear the descriptor. The caller owns each socket from here on."""
        ...

    def closed(self, ticket: int) -> None:
        """Tell that a handed connection has ended, making room for another."""
        ...
