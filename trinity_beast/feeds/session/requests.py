"""Requests on their way: sent, and not answered yet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from trinity_beast.words import Symbol


@dataclass(slots=True)
class Request:
    """One message: whose it was, and who of them is still without an answer."""

    number: str
    symbols: tuple[Symbol, ...]
    sent_ns: int
    leaving: bool
    open: set[Symbol] = field(default_factory=set)


class Requests:
    """The requests of one connection, oldest first. A symbol is in one of them at most: its last."""

    def __init__(self) -> None:
        self._by_number: dict[str, Request] = {}
        self._of_symbol: dict[Symbol, str] = {}

    def sent(self, number: int, symbols: tuple[Symbol, ...], now_ns: int, *, leaving: bool) -> None:
        """Note a request."""
        self._by_number[str(number)] = Request(str(number), symbols, now_ns, leaving, set(symbols))
        self._of_symbol.update(dict.fromkeys(symbols, str(number)))

    def answered(self, symbol: Symbol) -> None:
        """Note that a symbol has its answer; a request all of whose symbols have theirs is done."""
        request = self._by_number.get(self._of_symbol.pop(symbol, ""))
        if request is not None:
            request.open.discard(symbol)
            if not request.open:
                self.done(request)

    def done(self, request: Request) -> None:
        """Forget a request."""
        self._by_number.pop(request.number, None)

    def meant(self, message_id: str | None, symbols: Sequence[str]) -> Request | None:
        """Return the request an answer belongs to: by its id, else by its symbols, else the one that has waited longest."""
        if message_id is not None:
            return self._by_number.get(message_id)
        for symbol in symbols:
            if (number := self._of_symbol.get(Symbol(symbol))) in self._by_number:
                return self._by_number[number or ""]
        return None if symbols else next(iter(self._by_number.values()), None)

    def sent_before(self, limit_ns: int) -> Iterable[Request]:
        """Return the requests sent at `limit_ns` or earlier."""
        return [request for request in self._by_number.values() if request.sent_ns <= limit_ns]

    def oldest_ns(self) -> int | None:
        """Return when the oldest was sent."""
        return next((request.sent_ns for request in self._by_number.values()), None)
