"""Faults of the REST side."""

from dataclasses import dataclass, field
from typing import ClassVar

from trinity_beast.lab.faults.fault import Fault, Stage
from trinity_beast.lab.model import MarketTrade
from trinity_beast.words import Symbol


@dataclass
class RestSlow(Fault):
    """REST answers `seconds` late."""

    verb: ClassVar[str] = "rest-slow"
    seconds: float = 10

    def rest_delay_seconds(self) -> float:
        """Return the delay."""
        return self.seconds


@dataclass
class RestStatus(Fault):
    """REST answers nothing but `status`: 429, 418, 500 …; with `retry_after` also that header, in seconds."""

    verb: ClassVar[str] = "rest-status"
    status: int = 500
    retry_after: float | None = None

    def __post_init__(self) -> None:
        if not 400 <= self.status <= 599:
            raise ValueError("status must be 400 to 599")

    def rest_status(self) -> tuple[int, float | None] | None:
        """Return the failure."""
        return self.status, self.retry_after


@dataclass
class RestRepeats(Fault):
    """REST goes on naming the trade that was the last when the fault began, while the market moves on."""

    verb: ClassVar[str] = "rest-repeats"
    _kept: dict[Symbol, list[MarketTrade]] = field(default_factory=dict, init=False)

    async def begin(self, stage: Stage) -> None:
        """Remember what is told from now on."""
        self._kept = {tape.listing.symbol: tape.recent(1) for tape in stage.books() if self.touches(tape.listing.symbol)}

    def rest_trades(self, symbol: Symbol, trades: list[MarketTrade]) -> list[MarketTrade]:
        """Return it."""
        return self._kept.get(symbol, trades)
