"""A venue's last frames, a sample within bounds: what a changed row is read against before it speaks to anybody."""

from collections import deque
from typing import NamedTuple

from trinity_beast.feeds.moment import Moment, nanoseconds

EVERY_SECONDS = 0.1
FRAMES_MAX = 200
FRAME_BYTES_MAX = 16_384
BYTES_MAX = 524_288


class KeptFrame(NamedTuple):
    """One frame as it came, and when."""

    payload: bytes
    is_binary: bool
    received: Moment


class KeptFrames:
    """Keeps at most one frame every `every_seconds`, so that keeping costs a comparison a frame; the oldest go first."""

    def __init__(self, *, every_seconds: float = EVERY_SECONDS) -> None:
        self._every_ns, self._next_ns = nanoseconds(every_seconds), 0
        self._frames: deque[KeptFrame] = deque()
        self._bytes = 0

    def offer(self, payload: bytes, now: Moment, *, binary: bool) -> None:
        """Keep a frame, if it is time for one and it is not too long."""
        if now.monotonic_ns < self._next_ns or len(payload) > FRAME_BYTES_MAX:
            return
        self._next_ns = now.monotonic_ns + self._every_ns
        self._frames.append(KeptFrame(payload, binary, now))
        self._bytes += len(payload)
        while self._bytes > BYTES_MAX or len(self._frames) > FRAMES_MAX:
            self._bytes -= len(self._frames.popleft().payload)

    def read(self) -> list[KeptFrame]:
        """Return what is kept, oldest first."""
        return list(self._frames)

    def clear(self) -> None:
        """Keep nothing of what was."""
        self._frames.clear()
        self._bytes = 0
