"""How fast something goes: what was counted within the last minute, second by second."""

WINDOW_SECONDS = 60
SECOND_NS = 1_000_000_000


class Pace:
    """Counts by the second, and forgets seconds that are a minute old."""

    def __init__(self, now_ns: int) -> None:
        """Count from `now_ns` on, by a monotonic clock."""
        self._began = now_ns // SECOND_NS
        self._counts: dict[int, int] = {}

    def note(self, count: int, now_ns: int) -> None:
        """Count so many more."""
        second = now_ns // SECOND_NS
        if second not in self._counts:
            self._counts = {kept: counted for kept, counted in self._counts.items() if kept >= second - WINDOW_SECONDS}
        self._counts[second] = self._counts.get(second, 0) + count

    def per_second(self, now_ns: int) -> float:
        """Return how many there were a second, over the last whole minute or since the beginning where that is later."""
        second = now_ns // SECOND_NS
        seconds = min(second - self._began, WINDOW_SECONDS)
        if seconds < 1:
            return 0.0
        return sum(counted for at, counted in self._counts.items() if second - seconds <= at < second) / seconds
