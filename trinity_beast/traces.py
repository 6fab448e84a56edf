"""The one way the program says how long a piece of work took, and within which other work it was done.

Here is only the face, for everybody; what becomes of spans is set once by `telemetry`. Off, it costs next to nothing.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from enum import Enum
from types import TracebackType
from typing import Protocol, Self

Fact = str | int | bool
Facts = Mapping[str, Fact]
NO_FACTS: Facts = {}


class SpanKind(Enum):
    """Whose work a span is, by OpenTelemetry's numbers."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3


class Span(Protocol):
    """A piece of work that is being done. Nothing noted of it may be secret, nor come from a stranger unread."""

    def rename(self, name: str) -> None:
        """Call it otherwise, once more is known of it."""
        ...

    def note(self, facts: Facts) -> None:
        """Note facts, by OpenTelemetry's names where it has one."""
        ...

    def failed(self, kind: str) -> None:
        """Note that it failed, and how: by a code or the name of an error, never by its text."""
        ...


class Traces(Protocol):
    """Where spans are begun. What is begun within another span of the same task belongs to it."""

    def span(
        self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, parent: str | None = None, facts: Facts = NO_FACTS
    ) -> AbstractContextManager[Span]:
        """Begin a span for the length of a block; what the block raises fails it. `parent` is a caller's `traceparent`."""
        ...

    def within(
        self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, facts: Mapping[str, Fact] = NO_FACTS
    ) -> AbstractContextManager[Span]:
        """Begin a span within the one at hand, if there is one: what nobody waits for by itself is no trace."""
        ...


class _Untraced:
    """Notes nothing."""

    def span(self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, parent: str | None = None, facts: Facts = NO_FACTS) -> Self:
        """Begin nothing."""
        del name, kind, parent, facts
        return self

    def within(self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, facts: Facts = NO_FACTS) -> Self:
        """Begin nothing."""
        del name, kind, facts
        return self

    def rename(self, name: str) -> None:
        """Call nothing otherwise."""

    def note(self, facts: Facts) -> None:
        """Note nothing."""

    def failed(self, kind: str) -> None:
        """Note nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None


UNTRACED: Traces = _Untraced()
"""What everything goes by unless it is handed something else."""
