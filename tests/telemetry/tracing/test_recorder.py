import asyncio
import contextlib
import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import StatusCode, get_tracer_provider

from tests.support.clock import ManualClock
from tests.support.feeds import dice
from trinity_beast.parameters import Readings
from trinity_beast.storage import DependencyAway
from trinity_beast.telemetry.tracing import SpanRecorder
from trinity_beast.traces import UNTRACED, SpanKind, Traces

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def readings() -> Readings:
    return Readings()


@pytest.fixture
def recorder(clock: ManualClock, readings: Readings) -> SpanRecorder:
    return SpanRecorder(clock, readings=readings)


def ended(recorder: SpanRecorder) -> list[ReadableSpan]:
    return recorder.take(1_000_000)


def names(recorder: SpanRecorder) -> list[str]:
    return [span.name for span in ended(recorder)]


def span_id(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.span_id)


def trace_id(span: ReadableSpan) -> int:
    assert span.context is not None
    return int(span.context.trace_id)


def parent_id(span: ReadableSpan) -> int:
    return 0 if span.parent is None else span.parent.span_id


def test_what_is_done_within_a_span_belongs_to_it(recorder: SpanRecorder, clock: ManualClock) -> None:
    began_ns = clock.time_ns()
    with recorder.span("GET", kind=SpanKind.SERVER, facts={"a": 1}) as span:
        clock.advance(0.001)
        with recorder.within("transaction", kind=SpanKind.CLIENT):
            clock.advance(0.002)
        with recorder.span("job"):
            pass
        span.rename("GET /price")
        span.note({"b": "two"})
    inner, job, outer = ended(recorder)
    assert (outer.name, outer.kind.name, parent_id(outer), outer.attributes) == ("GET /price", "SERVER", 0, {"a": 1, "b": "two"})
    assert (outer.start_time, outer.end_time) == (began_ns, began_ns + 3_000_000)
    assert outer.status.is_unset
    assert {parent_id(inner), parent_id(job)} == {span_id(outer)}
    assert {trace_id(inner), trace_id(job)} == {trace_id(outer)}
    assert (inner.name, inner.kind.name, inner.start_time, inner.end_time) == (
        "transaction", "CLIENT", began_ns + 1_000_000, began_ns + 3_000_000,
    )  # fmt: skip
    assert len({span_id(one) for one in (inner, job, outer)}) == 3


def test_a_span_is_as_long_as_it_took_though_the_wall_clock_steps(recorder: SpanRecorder, clock: ManualClock) -> None:
    began_ns = clock.time_ns()
    with recorder.span("GET"):
        clock.advance(0.001)
        clock.step_wall(-60)
    [span] = ended(recorder)
    assert (span.start_time, span.end_time) == (began_ns, began_ns + 1_000_000)


def test_what_nobody_asked_for_is_no_trace(recorder: SpanRecorder) -> None:
    with recorder.within("transaction"):
        pass
    assert names(recorder) == []


async def test_tasks_do_not_mix_their_spans(recorder: SpanRecorder) -> None:
    both = asyncio.Barrier(2)

    async def work(name: str) -> None:
        with recorder.span(name):
            await both.wait()
            with recorder.within(f"within {name}"):
                await both.wait()

    await asyncio.gather(work("one"), work("other"))
    by_name = {one.name: one for one in ended(recorder)}
    for name in ("one", "other"):
        assert parent_id(by_name[f"within {name}"]) == span_id(by_name[name])


async def test_a_task_that_outlives_the_span_it_was_begun_in_is_none_of_it(recorder: SpanRecorder) -> None:
    go_on = asyncio.Event()

    async def outlive() -> None:
        await go_on.wait()
        with recorder.within("transaction"):
            pass
        with recorder.span("job"):
            pass

    with recorder.span("request"):
        task = asyncio.create_task(outlive())
        await asyncio.sleep(0)
    go_on.set()
    await task
    request, job = ended(recorder)
    assert (request.name, job.name, parent_id(job)) == ("request", "job", 0)
    assert trace_id(request) != trace_id(job)


def test_a_leaf_may_end_elsewhere_than_it_began(recorder: SpanRecorder) -> None:
    with recorder.span("request"):
        leaf = recorder.within("transaction")
        leaf.__enter__()
    leaf.__exit__(None, None, None)
    assert names(recorder) == ["request", "transaction"]


def test_what_is_raised_fails_the_span_and_is_told_by_its_kind_alone(recorder: SpanRecorder) -> None:
    for error in (DependencyAway(part="database", reason="password hush refused"), RuntimeError("hush"), asyncio.CancelledError("hush")):
        with pytest.raises(type(error)), recorder.span("job"), recorder.within("transaction"):
            raise error
    spans = ended(recorder)
    assert [span.status.description for span in spans[::2]] == ["DEPENDENCY_AWAY", "RuntimeError", "CancelledError"]
    assert {span.status.status_code for span in spans} == {StatusCode.ERROR}
    assert "hush" not in "".join(span.to_json() for span in spans)


def test_what_was_noted_of_a_failure_stands(recorder: SpanRecorder) -> None:
    with contextlib.suppress(RuntimeError), recorder.span("GET") as span:
        span.failed("PRICE_STALE")
        raise RuntimeError
    assert [span.status.description for span in ended(recorder)] == ["PRICE_STALE"]


@pytest.mark.parametrize("given", [f"00-{TRACE}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-03-what-the-future-holds"])
def test_a_callers_trace_goes_on_here(recorder: SpanRecorder, given: str) -> None:
    with recorder.span("GET", parent=given):
        pass
    [span] = ended(recorder)
    assert (f"{trace_id(span):x}", f"{parent_id(span):016x}") == (TRACE, SPAN)


@pytest.mark.parametrize(
    "given",
    [
        None, "", "00", "nonsense", f"ff-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01-more", f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{SPAN}-01", f"cc-{TRACE}-{SPAN}-01-{'x' * 600}",
    ],
)  # fmt: skip
def test_a_callers_trace_that_is_not_as_it_should_be_is_left(recorder: SpanRecorder, given: str | None) -> None:
    with recorder.span("GET", parent=given):
        pass
    [span] = ended(recorder)
    assert parent_id(span) == 0
    assert f"{trace_id(span):032x}" != TRACE


@given(st.text(alphabet="0f-c1 \t\n", max_size=70))
def test_whatever_a_caller_says_the_span_is_kept_or_left(given: str) -> None:
    recorder = SpanRecorder(ManualClock())
    with recorder.span("GET", parent=given):
        pass
    assert names(recorder) in (["GET"], [])


def test_a_caller_that_keeps_no_trace_keeps_none_of_ours(recorder: SpanRecorder) -> None:
    with recorder.span("GET", parent=f"00-{TRACE}-{SPAN}-00") as span, recorder.within("transaction"):
        span.rename("GET /price")
        span.note({"b": 2})
        span.failed("X")
    assert names(recorder) == []


@pytest.mark.parametrize(("share", "least", "most"), [(0.0, 0, 0), (0.5, 400, 600), (1.0, 1_000, 1_000)])
def test_a_share_of_traces_is_kept_each_whole_and_callers_cannot_raise_it(
    recorder: SpanRecorder, readings: Readings, share: float, least: int, most: int
) -> None:
    readings.turn("trace_share", share)
    readings.turn("trace_spans_max", 100_000)
    draw = dice()
    for number in range(1_000):
        parent = f"00-{draw.randbytes(16).hex()}-{SPAN}-01" if number % 2 else None
        with recorder.span("GET", parent=parent), recorder.within("transaction"):
            pass
    told = ended(recorder)
    assert least <= len(told) / 2 <= most
    assert {trace_id(one) for one in told if one.name == "GET"} == {trace_id(one) for one in told if one.name == "transaction"}


@pytest.mark.parametrize(("most", "kept"), [(16, 16), (100_000, 50)])
def test_no_more_spans_wait_than_may(recorder: SpanRecorder, readings: Readings, most: int, kept: int) -> None:
    readings.turn("trace_spans_max", most)
    for _ in range(50):
        with recorder.span("GET"):
            pass
    assert (recorder.waiting, recorder.dropped) == (kept, 50 - kept)
    assert len(recorder.take(10)) == 10
    assert recorder.waiting == kept - 10


def test_other_readings_count_from_where_they_are_given(recorder: SpanRecorder) -> None:
    later = Readings({"trace_share": "0"})
    with recorder.span("before"):
        pass
    recorder.go_by(later)
    with recorder.span("after"):
        pass
    assert names(recorder) == ["before"]


def test_the_sdk_is_neither_set_for_the_whole_process_nor_run_in_its_children(recorder: SpanRecorder) -> None:
    with recorder.span("GET"):
        pass
    # A provider that lives starts threads in every child between fork and exec; the only way it is told of a fork is by living.
    assert not any(type(each) is TracerProvider for each in gc.get_objects())
    assert not isinstance(get_tracer_provider(), TracerProvider)
    assert names(recorder) == ["GET"]


def test_off_nothing_is_kept_and_everything_may_be_said() -> None:
    traces: Traces = UNTRACED
    with traces.span("GET", parent="x", facts={"a": 1}) as span, traces.within("transaction") as inner:
        span.rename("GET /")
        span.note({"b": 2})
        inner.failed("X")
