"""The recorder: spans begun, nested by task, and kept until they are told; never more than so many."""

from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from types import TracebackType

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.parameters import Readings
from trinity_beast.randomness import Dice
from trinity_beast.telemetry.parameters import TRACE_SHARE, TRACE_SPANS_MAX
from trinity_beast.telemetry.tracing.model import Ended
from trinity_beast.telemetry.tracing.parent import parent_of
from trinity_beast.traces import NO_FACTS, UNTRACED, Fact, Facts, Span, SpanKind

_WHOLE = 1 << 64


class SpanRecorder:
    """Keeps `Traces`. Of new traces `trace_share` is kept, each whole or not at all; past `trace_spans_max` the newest are dropped.

    A caller that says that it keeps no trace of its request keeps none of ours; one that does is sampled like the others, so
    that no stranger decides how much we record.
    """

    def __init__(self, clock: Clock, dice: Dice, readings: Readings | None = None) -> None:
        self._clock, self._dice = clock, dice
        self.go_by(readings or Readings())
        self._ended: deque[Ended] = deque()
        self._at_hand: ContextVar[_Recorded | None] = ContextVar("span at hand", default=None)
        self.recorded = self.dropped = 0

    def go_by(self, readings: Readings) -> None:
        """Go by what is turned there from now on: spans begin before what is stored can be read."""
        self._share, self._spans_max = readings.of(TRACE_SHARE), readings.of(TRACE_SPANS_MAX)

    def span(
        self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, parent: str | None = None, facts: Facts = NO_FACTS
    ) -> AbstractContextManager[Span]:
        """Begin a span, as `Traces` says."""
        at_hand = self._at_hand.get()
        if at_hand is not None:
            return self._begun(name, kind, at_hand.trace_id, at_hand.span_id, facts)
        given = parent_of(parent)
        trace_id = given.trace_id if given else self._dice.randbytes(16)
        is_kept = (given is None or given.is_kept) and int.from_bytes(trace_id[8:]) < self._share.value * _WHOLE
        if not is_kept:
            return UNTRACED.span(name)
        return self._begun(name, kind, trace_id, given.span_id if given else b"", facts)

    def within(self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, facts: Facts = NO_FACTS) -> AbstractContextManager[Span]:
        """Begin a span, as `Traces` says."""
        at_hand = self._at_hand.get()
        if at_hand is None:
            return UNTRACED.within(name)
        # It is never at hand itself, so it may end in another task than it began in, as the transaction of a streamed answer does.
        return self._begun(name, kind, at_hand.trace_id, at_hand.span_id, facts, is_leaf=True)

    def take(self, most: int) -> list[Ended]:
        """Return up to so many spans that have ended, the oldest first, and keep them no longer."""
        return [self._ended.popleft() for _ in range(min(most, len(self._ended)))]

    @property
    def waiting(self) -> int:
        """How many spans have ended and were not taken."""
        return len(self._ended)

    def _begun(
        self, name: str, kind: SpanKind, trace_id: bytes, parent_id: bytes, facts: Facts, *, is_leaf: bool = False
    ) -> "_Recorded":  # fmt: skip
        span_id = self._dice.getrandbits(64).to_bytes(8) or b"\1"
        now = (self._clock.time_ns(), self._clock.monotonic_ns())
        at_hand = None if is_leaf else self._at_hand
        return _Recorded(name, kind, trace_id, span_id, parent_id, *now, dict(facts), at_hand, self._end)

    def _end(self, span: "_Recorded") -> None:
        if len(self._ended) >= self._spans_max.value:
            self.dropped += 1
            return
        self.recorded += 1
        # By the clock that never steps, so that no span ends before it began.
        ended_ns = span.began_ns + self._clock.monotonic_ns() - span.began_monotonic_ns
        self._ended.append(
            Ended(span.trace_id, span.span_id, span.parent_id, span.name, span.kind, span.began_ns, ended_ns, span.facts, span.failure)
        )


@dataclass(slots=True)
class _Recorded:
    """A span that is being done. Keeps `Span`."""

    name: str
    kind: SpanKind
    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    began_ns: int
    began_monotonic_ns: int
    facts: dict[str, Fact]
    at_hand: "ContextVar[_Recorded | None] | None"
    end: "Callable[[_Recorded], None]"
    failure: str = ""
    before: "Token[_Recorded | None] | None" = field(default=None)

    def rename(self, name: str) -> None:
        """Call it otherwise."""
        self.name = name

    def note(self, facts: Facts) -> None:
        """Note facts."""
        self.facts.update(facts)

    def failed(self, kind: str) -> None:
        """Note how it failed."""
        self.failure = kind

    def __enter__(self) -> "_Recorded":
        if self.at_hand is not None:
            self.before = self.at_hand.set(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.at_hand is not None and self.before is not None:
            self.at_hand.reset(self.before)
        if kind is not None and not self.failure:
            self.failure = error.code if isinstance(error, TrinityError) else kind.__name__
        self.end(self)
