"""Faults of the connection: frozen, dropped, refused, or answered by an error."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from trinity_beast.lab.faults.fault import Fault, Stage
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
