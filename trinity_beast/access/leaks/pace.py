"""How often somebody may do something within a window, for a bounded number of them."""

from collections import OrderedDict
from collections.abc import Callable

from trinity_beast.clock import Clock

SECOND_NS = 1_000_000_000
REMEMBERED_MAX = 1_024


class Pace:
    """Counts in fixed windows. Of more than `REMEMBERED_MAX` the one longest ago is forgotten: a crowd costs no memory."""

    def __init__(self, clock: Clock, *, most: Callable[[], int], window_seconds: int) -> None:
        self._clock, self._most, self._window_ns = clock, most, window_seconds * SECOND_NS
        self._windows: OrderedDict[str, tuple[int, int]] = OrderedDict()

    def wait_seconds(self, who: str) -> int:
        """Return in how many seconds `who` may go on; 0: at once."""
        since_ns, count = self._windows.get(who, (0, 0))
        left_ns = since_ns + self._window_ns - self._clock.monotonic_ns()
        return max(1, -(-left_ns // SECOND_NS)) if count >= self._most() and left_ns > 0 else 0

    def note(self, who: str) -> None:
        """Count one of `who`."""
        now_ns = self._clock.monotonic_ns()
        since_ns, count = self._windows.pop(who, (now_ns, 0))
        is_over = now_ns - since_ns >= self._window_ns
        self._windows[who] = (now_ns, 1) if is_over else (since_ns, count + 1)
        while len(self._windows) > REMEMBERED_MAX:
            self._windows.popitem(last=False)
