"""A bound on how many do something at once, which may be widened and narrowed while it is in use."""

import asyncio
from collections import deque
from types import TracebackType


class Room:
    """So many at once, the others in the order they came. Narrowed, it sends nobody out: it fills up no further."""

    def __init__(self, most: int) -> None:
        self._most, self._inside = most, 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def is_full(self) -> bool:
        """Whether the next one has to wait."""
        return self._inside >= self._most or bool(self._waiting)

    def resize(self, most: int) -> None:
        """Let so many in at once from now on."""
        assert most >= 1, "somebody may always come in"
        self._most = most
        self._let_in()

    async def __aenter__(self) -> None:
        """Come in, when there is room."""
        if not self.is_full:
            self._inside += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # Let in and called away at once: the place is another's.
                self._leave()
            elif turn in self._waiting:  # One that was called away may have been passed over already.
                self._waiting.remove(turn)
            raise

    async def __aexit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        """Leave."""
        self._leave()

    def _leave(self) -> None:
        self._inside -= 1
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and self._inside < self._most:
            turn = self._waiting.popleft()
            if not turn.done():
                self._inside += 1
                turn.set_result(None)
