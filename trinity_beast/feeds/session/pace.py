"""How fast we may speak: so many messages a second, so many requests an hour. Both per connection."""

from collections import deque

from trinity_beast.feeds.moment import SECOND_NS, nanoseconds

HOUR_NS = 3_600 * SECOND_NS
RENEWALS_SHARE = 0.75
"""The share of an hour's requests after which nothing that may wait is asked any more."""


class Pace:
    """Says when the next message may leave. Messages are spaced evenly, so no second of the venue's sees more than its share."""

    def __init__(self, messages_per_second: float, requests_per_hour: int | None) -> None:
        self._gap_ns = nanoseconds(1 / messages_per_second)
        self._hourly: deque[int] = deque(maxlen=requests_per_hour or 0)
        self._bounded = requests_per_hour is not None
        self._free_ns = 0

    def message_sent(self, now_ns: int) -> None:
        """Note a message; pings and answers do not wait for their turn, but take one."""
        self._free_ns = max(self._free_ns, now_ns) + self._gap_ns

    def request_sent(self, now_ns: int) -> None:
        """Note a request, which counts by the hour as well."""
        self.message_sent(now_ns)
        self._hourly.append(now_ns)

    def leaves_room(self, requests: int, now_ns: int) -> bool:
        """Return whether so many requests may be sent now and a quarter of the hour's are still left for what cannot wait."""
        if not self._bounded:
            return True
        sent = sum(sent_ns > now_ns - HOUR_NS for sent_ns in self._hourly)
        return sent + requests <= (self._hourly.maxlen or 0) * RENEWALS_SHARE

    def request_at_ns(self) -> int:
        """Return the monotonic time from which a request may be sent."""
        if self._bounded and len(self._hourly) == self._hourly.maxlen:
            return max(self._free_ns, self._hourly[0] + HOUR_NS)
        return self._free_ns
