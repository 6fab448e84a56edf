from datetime import datetime


class StillClock:
    """A clock that stands still."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def time_ns(self) -> int:
        return int(self._now.timestamp() * 1_000_000) * 1_000

    def monotonic_ns(self) -> int:
        return 0

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"nothing here sleeps, yet {seconds} s were asked for")
