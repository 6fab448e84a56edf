"""Faults of the connection: frozen, dropped, refused, or answered by an error."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar

from trinity_beast.lab.faults.fault import Fault, Stage
from trinity_beast.lab.model import SECOND_NS
from trinity_beast.words import Symbol


@dataclass
class Freeze(Fault):
    """Open sockets stay open and nothing moves on them: no frame, no heartbeat, no pong. Cleared, what was held arrives late."""

    verb: ClassVar[str] = "freeze"
    freezes: ClassVar[bool] = True
    takes_symbol: ClassVar[bool] = False


@dataclass
class Drop(Fault):
    """Every connection ends now: reset by default, or closed politely with the WebSocket close `code`."""

    verb: ClassVar[str] = "drop"
    instant: ClassVar[bool] = True
    takes_symbol: ClassVar[bool] = False
    code: int = 0

    def __post_init__(self) -> None:
        if self.code and not 1000 <= self.code <= 4999:
            raise ValueError("code must be 0 for a reset, or 1000 to 4999")

    async def begin(self, stage: Stage) -> None:
        """End them."""
        for wiring in list(stage.wirings):
            if self.code:
                wiring.close(self.code, "")
            else:
                wiring.reset()


@dataclass
class PlannedEnd(Fault):
    """The connections now open are ended `after_seconds` later, and told so before by a venue that has words for it."""

    verb: ClassVar[str] = "planned-end"
    takes_symbol: ClassVar[bool] = False
    after_seconds: float = 10
    _due: set[int] = field(default_factory=set, init=False)
    _ends_ns: int = field(default=0, init=False)
    _is_over: bool = field(default=False, init=False)

    @property
    def is_over(self) -> bool:
        """Whether they have been ended."""
        return self._is_over

    async def begin(self, stage: Stage) -> None:
        """Give notice."""
        self._due = {wiring.number for wiring in stage.wirings}
        self._ends_ns = stage.now_ns + round(self.after_seconds * SECOND_NS)
        stage.announce_end(is_near=True)

    def pulse(self, stage: Stage, now_ns: int) -> None:
        """End them when the time has come; who came meanwhile stays."""
        if now_ns < self._ends_ns or self._is_over:
            return
        self._is_over = True
        for wiring in stage.wirings:
            if wiring.number in self._due:
                wiring.close(stage.planned_close, "")

    async def end(self, stage: Stage) -> None:
        """Say that it is over."""
        stage.announce_end(is_near=False)


@dataclass
class Refuse(Fault):
    """New sockets are refused, as by a machine on which nothing listens. Open ones live on."""

    verb: ClassVar[str] = "refuse"
    takes_symbol: ClassVar[bool] = False

    async def begin(self, stage: Stage) -> None:
        """Stop listening."""
        await stage.stop_listening()

    async def end(self, stage: Stage) -> None:
        """Listen again."""
        await stage.listen_again()


@dataclass
class NeverAnswer(Fault):
    """New sockets are taken and the WebSocket handshake is never answered."""

    verb: ClassVar[str] = "never-answer"
    never_answers: ClassVar[bool] = True
    takes_symbol: ClassVar[bool] = False


@dataclass
class ErrorOnSubscribe(Fault):
    """Subscribing is answered with the venue's error frame and is not done; with a symbol, only where it is among those asked."""

    verb: ClassVar[str] = "error-on-subscribe"

    def refuses_subscribe(self, symbols: Iterable[Symbol]) -> bool:
        """Tell whether the symbol is among them."""
        return self.symbol is None or self.symbol in set(symbols)
