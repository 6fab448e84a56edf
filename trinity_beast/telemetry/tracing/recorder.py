"""The recorder: spans of OpenTelemetry's SDK, by our clock, kept until they are told; never more than so many."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk import trace as sdk
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.parameters import Readings
from trinity_beast.telemetry.parameters import TRACE_SHARE, TRACE_SPANS_MAX
from trinity_beast.traces import NO_FACTS, UNTRACED, Facts, Span, SpanKind

SCOPE = "trinity_beast"
_CALLERS = TraceContextTextMapPropagator()


class SpanRecorder(sdk.SpanProcessor):
    """Keeps `Traces`. Of new traces `trace_share` is kept, each whole or not at all; past `trace_spans_max` the newest are dropped.

    A caller that says that it keeps no trace of its request keeps none of ours; one that does is sampled like the others, so
    that no stranger decides how much we record.
    """

    def __init__(self, clock: Clock, resource: Facts = NO_FACTS, readings: Readings | None = None) -> None:
        """Record the work of `resource`, which is told by OpenTelemetry's names: `service.name` and the others."""
        self._clock = clock
        self._ended: deque[sdk.ReadableSpan] = deque()
        self.dropped = 0
        self.go_by(readings or Readings())
        share = _Share(lambda: self._share.value)
        sampler = ParentBased(share, remote_parent_sampled=share)
        # Not the process's own: libraries that know OpenTelemetry shall find nobody to tell their addresses to. And kept by nobody: for as
        # long as it lives it starts threads in every child between fork and exec, and PostgreSQL is restarted as such a child.
        provider = sdk.TracerProvider(sampler, Resource(resource), shutdown_on_exit=False)
        provider.add_span_processor(self)
        self._tracer = provider.get_tracer(SCOPE, str(resource.get("service.version", "")))

    def go_by(self, readings: Readings) -> None:
        """Go by what is turned there from now on: spans begin before what is stored can be read."""
        self._share, self._spans_max = readings.of(TRACE_SHARE), readings.of(TRACE_SPANS_MAX)

    def span(
        self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, parent: str | None = None, facts: Facts = NO_FACTS
    ) -> AbstractContextManager[Span]:
        """Begin a span, as `Traces` says."""
        within = _at_hand() or _CALLERS.extract({"traceparent": parent or ""}, Context())
        return self._begun(name, kind, within, facts)

    def within(self, name: str, *, kind: SpanKind = SpanKind.INTERNAL, facts: Facts = NO_FACTS) -> AbstractContextManager[Span]:
        """Begin a span, as `Traces` says."""
        within = _at_hand()
        if within is None:
            return UNTRACED.within(name)
        # It is never at hand itself, so it may end in another task than it began in, as the transaction of a streamed answer does.
        return self._begun(name, kind, within, facts, is_leaf=True)

    def on_end(self, span: sdk.ReadableSpan) -> None:
        """Keep a span that has ended, as the SDK asks of a processor."""
        if len(self._ended) >= self._spans_max.value:
            self.dropped += 1
        else:
            self._ended.append(span)

    def take(self, most: int) -> list[sdk.ReadableSpan]:
        """Return up to so many spans that have ended, the oldest first, and keep them no longer."""
        return [self._ended.popleft() for _ in range(min(most, len(self._ended)))]

    @property
    def waiting(self) -> int:
        """How many spans have ended and were not taken."""
        return len(self._ended)

    def _begun(
        self, name: str, kind: SpanKind, within: Context, facts: Facts, *, is_leaf: bool = False
    ) -> AbstractContextManager[Span]:  # fmt: skip
        began_ns = self._clock.time_ns()
        span = self._tracer.start_span(name, within, trace.SpanKind[kind.name], facts, start_time=began_ns)
        if not isinstance(span, sdk.Span):
            return UNTRACED.span(name)
        return self._done(_Recorded(span), began_ns, self._clock.monotonic_ns(), is_leaf=is_leaf)

    @contextmanager
    def _done(self, recorded: "_Recorded", began_ns: int, began_monotonic_ns: int, *, is_leaf: bool) -> Iterator[Span]:
        span = recorded.span
        try:
            # The SDK would write down the text of what is raised, and where.
            with nullcontext() if is_leaf else trace.use_span(span, record_exception=False, set_status_on_exception=False):
                yield recorded
        except BaseException as error:
            if span.status.is_unset:
                recorded.failed(error.code if isinstance(error, TrinityError) else type(error).__name__)
            raise
        finally:
            # By the clock that never steps, so that no span ends before it began.
            span.end(began_ns + self._clock.monotonic_ns() - began_monotonic_ns)


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A span that is being done. Keeps `Span`."""

    span: sdk.Span

    def rename(self, name: str) -> None:
        """Call it otherwise."""
        self.span.update_name(name)

    def note(self, facts: Facts) -> None:
        """Note facts."""
        self.span.set_attributes(facts)

    def failed(self, kind: str) -> None:
        """Note how it failed."""
        self.span.set_status(trace.StatusCode.ERROR, kind)


class _Share(TraceIdRatioBased):
    """The SDK's sampling by trace, of a share that may be turned any second."""

    def __init__(self, share: Callable[[], float]) -> None:
        super().__init__(share())
        self._share = share

    @property
    def bound(self) -> int:
        """Below which number a trace is kept."""
        return self.get_bound_for_rate(self._share())


def _at_hand() -> Context | None:
    """Return where the span at hand is. A task that was begun within a span and outlives it has none: what it does later is its own."""
    span = trace.get_current_span()
    return trace.set_span_in_context(span, Context()) if span.is_recording() else None
