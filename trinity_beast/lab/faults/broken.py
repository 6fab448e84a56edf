"""Faults in how it is told: frames that are garbage, cut, doubled, swapped or miscounted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from trinity_beast.lab.faults.fault import CutShort, Fault, Stage, Wire, Wiring

GARBAGE = '{"channel":"market_trades","events":[{"type":"update","trades":[{"price":NaN,,}\x00\x7f�'


@dataclass
class Garbage(Fault):
    """`count` frames that are no JSON arrive between the others; with `kind=binary` they are not even text."""

    verb: ClassVar[str] = "garbage"
    instant: ClassVar[bool] = True
    takes_symbol: ClassVar[bool] = False
    count: int = 1
    kind: str = "text"

    def __post_init__(self) -> None:
        if self.kind not in {"text", "binary"}:
            raise ValueError("kind must be text or binary")

    async def begin(self, stage: Stage) -> None:
        """Send them on every connection."""
        for wiring in stage.wirings:
            for _ in range(self.count):
                wiring.enqueue(GARBAGE if self.kind == "text" else b"\xff\xfe\x00" + GARBAGE.encode()[::-1])


@dataclass
class Truncate(Fault):
    """`count` frames end in the middle of their JSON; the WebSocket frames around them are whole."""

    verb: ClassVar[str] = "truncate"
    count: int = 1
    _left: int = field(default=-1, init=False)

    def frames(self, wiring: Wiring, wire: Wire) -> Sequence[Wire]:
        """Cut the next ones in half."""
        if self._left < 0:
            self._left = self.count
        if self._left == 0 or not isinstance(wire, str):
            return (wire,)
        self._left -= 1
        return (wire[: len(wire) // 2],)


@dataclass
class CutFrame(Fault):
    """The next frame of every connection now open stops in the middle of its bytes, and the connection ends there."""

    verb: ClassVar[str] = "cut-frame"
    _due: set[int] = field(default_factory=set, init=False)

    async def begin(self, stage: Stage) -> None:
        """Remember whom it concerns: who comes after is served whole."""
        self._due = {wiring.number for wiring in stage.wirings}

    def frames(self, wiring: Wiring, wire: Wire) -> Sequence[Wire]:
        """Cut the first frame of each of them."""
        if wiring.number not in self._due or not isinstance(wire, str):
            return (wire,)
        self._due.remove(wiring.number)
        return (CutShort(wire),)


@dataclass
class Duplicate(Fault):
    """Every frame arrives twice, byte for byte."""

    verb: ClassVar[str] = "duplicate"

    def frames(self, wiring: Wiring, wire: Wire) -> Sequence[Wire]:
        """Send it twice."""
        return (wire, wire)


@dataclass
class Reorder(Fault):
    """Frames arrive in pairs with the second first; with a symbol, only that symbol's are swapped."""

    verb: ClassVar[str] = "reorder"
    _held: dict[int, tuple[Wiring, Wire]] = field(default_factory=dict, init=False)

    def frames(self, wiring: Wiring, wire: Wire) -> Sequence[Wire]:
        """Hold one back until the next has gone."""
        held = self._held.pop(wiring.number, None)
        if held is None:
            self._held[wiring.number] = (wiring, wire)
            return ()
        return (wire, held[1])

    async def end(self, stage: Stage) -> None:
        """Let go what is still held."""
        for wiring, wire in self._held.values():
            wiring.enqueue(wire)


@dataclass
class SkipSequence(Fault):
    """Sequence numbers jump by `count`, once, as if that many frames had been lost: the connections' own and the ids of trades."""

    verb: ClassVar[str] = "skip-sequence"
    instant: ClassVar[bool] = True
    takes_symbol: ClassVar[bool] = False
    count: int = 5

    async def begin(self, stage: Stage) -> None:
        """Jump."""
        for wiring in stage.wirings:
            wiring.sequence += self.count
        stage.skip_ids(self.count)
