"""When something that was away is tried again: at once refused while the door is shut, then tried by one."""

from trinity_beast.randomness import Dice

SECOND_NS = 1_000_000_000
DOUBLINGS_MAX = 30


class RetryDoor:
    """Open while the other side answers. Each failure shuts it for a pause whose bound doubles; then one may try.

    The pause is drawn evenly between half its bound and the bound: never nothing, or a side that refuses connections
    would be asked in a ring, and never the same for every node, or it would see all of them return at once.
    """

    def __init__(self, dice: Dice, *, first_seconds: float = 0.1, most_seconds: float = 5.0) -> None:
        self._dice, self._first_seconds, self._most_seconds = dice, first_seconds, most_seconds
        self._failures = 0
        self._shut_until_ns = 0
        self._is_trying = False

    @property
    def is_open(self) -> bool:
        """Whether the last that was heard from the other side was good."""
        return self._failures == 0

    def lets_in(self, now_ns: int) -> bool:
        """Return whether somebody may try now. Where the door was shut that is one, until `opened`, `shut` or `given_up`."""
        if self._failures == 0:
            return True
        if self._is_trying or now_ns < self._shut_until_ns:
            return False
        self._is_trying = True
        return True

    def opened(self) -> None:
        """Note that the other side answered."""
        self._failures = 0
        self._is_trying = False

    def shut(self, now_ns: int) -> bool:
        """Note a failure; whether the door was open before it."""
        was_open = self._failures == 0
        if not was_open and not self._is_trying:
            return False  # Those who were on their way together fail one after the other: that is one failure.
        bound = min(self._first_seconds * 2.0 ** min(self._failures, DOUBLINGS_MAX), self._most_seconds)
        self._failures += 1
        self._is_trying = False
        self._shut_until_ns = now_ns + round(self._dice.uniform(bound / 2, bound) * SECOND_NS)
        return was_open

    def given_up(self) -> None:
        """Let another try: the one who did has left without an outcome."""
        self._is_trying = False
