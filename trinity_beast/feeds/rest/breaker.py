"""When a venue's REST side is left alone: after too many failures in a row, or because it said so."""

from trinity_beast.feeds.moment import nanoseconds
from trinity_beast.feeds.rest.parameters import RestKnobs


class Breaker:
    """Closed while the venue answers; open for a pause that doubles each time; then one request is let through to try."""

    def __init__(self, knobs: RestKnobs) -> None:
        self._knobs = knobs
        self._failures = self._pauses = 0
        self._until_ns = 0
        self._is_open = self._is_trying = False

    def allows(self, now_ns: int) -> bool:
        """Return whether a request may leave now. After a pause only one may, until its outcome is known."""
        if now_ns < self._until_ns:
            return False
        if self._is_open:
            if self._is_trying:
                return False
            self._is_trying = True
        return True

    def free_at_ns(self, now_ns: int) -> int:
        """Return the monotonic time at which the present pause ends, or `now_ns` when there is none."""
        return max(now_ns, self._until_ns)

    def succeeded(self) -> None:
        """Close: the venue answers."""
        self._failures = self._pauses = 0
        self._is_open = self._is_trying = False

    def failed(self, now_ns: int) -> bool:
        """Note a failure; whether it began a pause."""
        self._failures += 1
        if not self._is_open and self._failures < self._knobs.failures_max.value:
            return False
        self._pause(now_ns, self._doubled())
        return True

    def limited(self, now_ns: int, retry_after_seconds: float | None) -> None:
        """Pause as the venue asks, or as long as for failures where it names no time."""
        self._pause(now_ns, self._doubled() if retry_after_seconds is None else retry_after_seconds)

    def given_up(self) -> None:
        """Let another try: the request that was let through told nothing either way."""
        self._is_trying = False

    def _doubled(self) -> float:
        return float(self._knobs.pause_seconds.value * 2.0 ** min(self._pauses, 20))

    def _pause(self, now_ns: int, seconds: float) -> None:
        self._pauses += 1
        self._failures = 0
        self._is_open, self._is_trying = True, False
        # Requests that were on their way together may fail one after the other: the latest end counts.
        self._until_ns = max(self._until_ns, now_ns + nanoseconds(min(seconds, self._knobs.pause_seconds_max.value)))
