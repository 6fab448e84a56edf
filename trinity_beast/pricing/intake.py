"""The engine's intake, as far as pricing needs it: what it may make answerable by itself, and what it tells of it."""

from collections.abc import Sequence
from typing import Protocol

Answer = tuple[str, str, str, bool]
"""An asset that a symbol answers for: its code, what it is priced in, the source's tag, and whether it is prewarmed."""


class News(Protocol):
    """A symbol's newest trade, when the first of its instant was told, and how often it trades. `engine.News` is one."""

    @property
    def venue(self) -> str: ...  # noqa: D102 - As their names say.
    @property
    def symbol(self) -> str: ...  # noqa: D102
    @property
    def price(self) -> str: ...  # noqa: D102
    @property
    def exchange_time_ns(self) -> int: ...  # noqa: D102
    @property
    def received_time_ns(self) -> int: ...  # noqa: D102
    @property
    def received_monotonic_ns(self) -> int: ...  # noqa: D102
    @property
    def told_time_ns(self) -> int: ...  # noqa: D102
    @property
    def told_monotonic_ns(self) -> int: ...  # noqa: D102
    @property
    def gaps_heard(self) -> int: ...  # noqa: D102
    @property
    def long_gap_ns(self) -> int: ...  # noqa: D102


class Slots(Protocol):
    """What may be taken of each symbol. `engine.Intake` is one."""

    def set_bounds(self, *, stale_after_ns: int, gaps: float, window_min_ns: int, window_max_ns: int, proof_wait_ns: int) -> None:
        """Go by these bounds from the next trade on."""
        ...

    def permit(
        self,
        venue: str,
        symbol: str,
        answers: Sequence[Answer],
        *,
        held_time_ns: int,
        told_time_ns: int,
        told_monotonic_ns: int,
        heard_ns: int,
        usable_until_ns: int,
        can_prove: bool,
        believed: float,
        jump_share: float | None,
        gaps_heard: int,
        long_gap_ns: int,
    ) -> None:
        """Let a symbol's ordinary trades be taken and answer for these assets.

        Raises:
            ValueError: a name is outside its bounds.
        """
        ...

    def close(self, venue: str, symbol: str) -> None:
        """Leave every trade of a symbol to us."""
        ...

    def close_all(self) -> None:
        """Leave every trade to us."""
        ...

    def news(self, most: int | None = None) -> Sequence[News]:
        """Return the newest trade of symbols we have not heard of: of every one, or of `most`."""
        ...

    def news_of(self, venue: str, symbol: str) -> News | None:
        """Return the newest trade of a symbol if we have not heard of it."""
        ...
