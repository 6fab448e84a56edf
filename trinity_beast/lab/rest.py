"""What a venue's REST is asked, and how it answers: plain values, so that a venue's class knows no web framework."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RestAsk:
    """One GET: what stands in the path's braces and in the query."""

    path: str
    parts: Mapping[str, str]
    query: Mapping[str, str]

    def text(self, name: str) -> str:
        """Return a part of the path or of the query, empty when it is missing."""
        return self.parts.get(name) or self.query.get(name, "")

    def count(self, name: str, *, default: int, most: int) -> int:
        """Return how many rows are asked for."""
        said = self.query.get(name, "")
        return min(int(said), most) if said.isascii() and said.isdigit() and int(said) else default


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """What goes back. `body` is written as JSON; a text is JSON already, for numbers that no float may touch."""

    body: object
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class RestRefused(Exception):
    """An answer that ends the work on a request at once."""

    def __init__(self, answer: RestAnswer) -> None:
        super().__init__(answer)
        self.answer = answer


RestHandler = Callable[[RestAsk], object]
"""Answers one address: gives a body, or a `RestAnswer` where the status is not 200. May raise `RestRefused`."""
