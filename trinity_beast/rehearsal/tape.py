"""What one symbol truly traded, as a judge remembers it. Pure."""

from bisect import bisect_left, bisect_right
from decimal import Decimal
from typing import NamedTuple


class Print(NamedTuple):
    """One trade that happened: when, at what price, and since when anybody could know of it."""

    time_ns: int
    price: Decimal
    known_ns: int


class TrueTape:
    """The trades of one symbol in the order of their times. Remembers what it is not told to forget."""

    def __init__(self) -> None:
        self._times: list[int] = []
        self._prints: list[Print] = []

    def __len__(self) -> int:
        return len(self._prints)

    def add(self, time_ns: int, price: Decimal, *, known_ns: int) -> None:
        """Take the next trade.

        Raises:
            ValueError: it is older than the last one.
        """
        if self._times and time_ns < self._times[-1]:
            raise ValueError("trades come in the order of their times")
        self._times.append(time_ns)
        self._prints.append(Print(time_ns, price, known_ns))

    def within(self, from_ns: int, until_ns: int) -> list[Print]:
        """Return the trades with `from_ns` ≤ time < `until_ns`."""
        return self._prints[bisect_left(self._times, from_ns) : bisect_left(self._times, until_ns)]

    def first_from(self, time_ns: int) -> Print | None:
        """Return the first trade at `time_ns` or after it."""
        place = bisect_left(self._times, time_ns)
        return self._prints[place] if place < len(self._prints) else None

    def last_until(self, time_ns: int) -> Print | None:
        """Return the last trade at `time_ns` or before it."""
        place = bisect_right(self._times, time_ns)
        return self._prints[place - 1] if place else None

    @property
    def first(self) -> Print | None:
        """The oldest trade that is remembered."""
        return self._prints[0] if self._prints else None

    def has_priced(self, price: Decimal) -> bool:
        """Return whether anything was ever traded at this price, as far as is remembered."""
        return any(each.price == price for each in self._prints)

    def forget(self, before_ns: int) -> None:
        """Forget what is older, but never the last trade before it."""
        place = bisect_left(self._times, before_ns) - 1
        if place > 0:
            del self._times[:place], self._prints[:place]
