"""The nouns of REST looks."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import IntEnum

from trinity_beast.words import Symbol, Trade, Venue


class Urgency(IntEnum):
    """Who wants to know; the lower goes first."""

    CUSTOMER = 0
    PROOF = 1
    AUDIT = 2


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a venue's last trade came to.

    `trade` is None where it failed, and `problem` says why. `asked_ns` (monotonic) is when the request left: whatever the
    venue says was true at that moment or later. `is_halted`: the venue says that the symbol is not traded for now.
    """

    venue: Venue
    symbol: Symbol
    trade: Trade | None
    asked_ns: int
    problem: str = ""
    is_halted: bool = False


@dataclass(slots=True)
class LookCounts:
    """What the looks at one venue came to since the start. Whatever failed is counted, under the name of the reason."""

    looks: int = 0
    looks_shared: int = 0
    requests: int = 0
    answered: int = 0
    late: int = 0
    unreachable: int = 0
    limited: int = 0
    paused: int = 0
    crowded: int = 0
    statuses: int = 0
    too_long: int = 0
    unreadable: int = 0
    refused: int = 0
    not_traded: int = 0
    halted: int = 0
    no_trade: int = 0
    future: int = 0
    pauses: int = 0

    def read(self) -> dict[str, int]:
        """Return every counter by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class RestStatus:
    """How one venue's REST side stands: what it may be asked, who waits, and for how long it is still left alone."""

    venue: Venue
    can_look: bool
    requests_per_second: float
    waiting: int
    under_way: int
    paused_seconds: float
    counts: Mapping[str, int]


class LookFailed(Exception):
    """A look came to nothing. `reason` is the name of a counter, `told` what there is to say of it."""

    def __init__(self, reason: str, told: str = "") -> None:
        super().__init__(reason, told)
        self.reason, self.told = reason, told

    def __str__(self) -> str:
        return f"{self.reason}: {self.told}" if self.told else self.reason
