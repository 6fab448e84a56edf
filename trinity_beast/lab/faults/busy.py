"""Faults of too much: more messages than anybody expects, all of them true."""

from dataclasses import dataclass, field
from typing import ClassVar

from trinity_beast.lab.faults.fault import Fault, Stage
from trinity_beast.lab.model import SECOND_NS

MESSAGES_PER_SECOND_MOST = 50_000
SECONDS_MOST = 60


@dataclass
class Burst(Fault):
    """The market races: `per_second` trades more each second, a message each, over the subscribed symbols or one of them."""

    verb: ClassVar[str] = "burst"
    for_seconds: float | None = 1.0
    per_second: int = MESSAGES_PER_SECOND_MOST
    _until_ns: int = field(default=0, init=False)
    _owed: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.per_second > MESSAGES_PER_SECOND_MOST:
            raise ValueError(f"per_second must be {MESSAGES_PER_SECOND_MOST} at most")
        if self.for_seconds is None or self.for_seconds > SECONDS_MOST:
            raise ValueError(f"for_seconds must be {SECONDS_MOST} at most")

    async def begin(self, stage: Stage) -> None:
        """Count from now."""
        self._until_ns = stage.now_ns

    def pulse(self, stage: Stage, now_ns: int) -> None:
        """Print what is owed since the last pulse."""
        whole, self._owed = divmod(self._owed + self.per_second * (now_ns - self._until_ns), SECOND_NS)
        self._until_ns = now_ns
        symbols = [symbol for symbol in stage.asked if self.touches(symbol)]
        for number, symbol in enumerate(symbols):
            stage.print_more(symbol, (whole + number) // len(symbols), now_ns)
