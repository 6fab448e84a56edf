"""A line between a coordinator and a client. Whatever waits on it has an end."""

import select
import socket
from collections.abc import Sequence
from typing import Protocol, TypeVar

from trinity_beast.clock import Clock
from trinity_beast.stress.joined.messages import LINE_BYTES_MAX, AnySaid, NotSaid, Said, line_of, read_line

READ_BYTES = 262_144
SEND_SECONDS = 20.0
SECOND_NS = 1_000_000_000


class Waitable(Protocol):
    """What has a descriptor."""

    def fileno(self) -> int:
        """Return it."""
        ...


WaitableT = TypeVar("WaitableT", bound=Waitable)


def readable(among: Sequence[WaitableT], *, within_seconds: float) -> Sequence[WaitableT]:
    """Return those that have something to read or are at their end, as soon as there is one; none when the time is over."""
    by_descriptor = {one.fileno(): one for one in among}
    poll = select.poll()  # `select.select` knows no descriptor past 1,023, and a generator of load holds thousands.
    for descriptor in by_descriptor:
        poll.register(descriptor, select.POLLIN)
    return [by_descriptor[descriptor] for descriptor, _ in poll.poll(within_seconds * 1_000)]


class WireBroken(Exception):
    """The other end is gone, silent for too long, or says what nobody says."""


class Wire:
    """One connection, in whole messages."""

    def __init__(self, line: socket.socket, clock: Clock) -> None:
        self._line, self._clock = line, clock
        self._held = bytearray()
        line.settimeout(SEND_SECONDS)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def fileno(self) -> int:
        """Return its descriptor."""
        return self._line.fileno()

    def say(self, message: Said) -> None:
        """Send a message.

        Raises:
            WireBroken: the other end does not take it.
        """
        try:
            self._line.sendall(line_of(message))
        except OSError as error:
            raise WireBroken(f"it does not listen: {error}") from error

    def hear(self, within_seconds: float) -> AnySaid:
        """Return the next message.

        Raises:
            WireBroken: there is none within that time, or never will be.
        """
        ends_ns = self._clock.monotonic_ns() + round(within_seconds * SECOND_NS)
        while True:
            message = self.heard()
            if message is not None:
                return message
            left = (ends_ns - self._clock.monotonic_ns()) / SECOND_NS
            if left <= 0 or not readable([self._line], within_seconds=left):
                raise WireBroken(f"silent for {within_seconds:.0f} s")
            self._read()

    def waited(self, within_seconds: float) -> AnySaid | None:
        """Return the next message; None where none has come whole within that time.

        Raises:
            WireBroken: there never will be one again.
        """
        message = self.heard()
        if message is None and readable([self._line], within_seconds=within_seconds):
            self._read()
            message = self.heard()
        return message

    def heard(self) -> AnySaid | None:
        """Return the next message among what was read already."""
        end = self._held.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._held[:end])
        del self._held[: end + 1]
        try:
            return read_line(line)
        except NotSaid as error:
            raise WireBroken(f"it said what nobody says: {error}") from error

    def _read(self) -> None:
        try:
            read = self._line.recv(READ_BYTES)
        except OSError as error:
            raise WireBroken(f"the connection broke: {error}") from error
        if not read:
            raise WireBroken("it closed the connection")
        self._held += read
        if len(self._held) > LINE_BYTES_MAX:
            raise WireBroken(f"it said more than {LINE_BYTES_MAX:,} bytes at once")

    def close(self) -> None:
        """Hang up."""
        self._line.close()
