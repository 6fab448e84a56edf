import asyncio

import pytest

from tests.support.clock import ManualClock
from tests.support.feeds import dice
from trinity_beast.parameters import Readings
from trinity_beast.storage import DependencyAway
from trinity_beast.telemetry.tracing import Ended, SpanRecorder
from trinity_beast.traces import UNTRACED, SpanKind, Traces

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.fixture
def readings() -> Readings:
    return Readings()


@pytest.fixture
def recorder(clock: ManualClock, readings: Readings) -> SpanRecorder:
    return SpanRecorder(clock, dice(), readings)


def ended(recorder: SpanRecorder) -> list[Ended]:
    return recorder.take(1_000_000)


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
    assert (outer.name, outer.kind, outer.parent_id, outer.facts, outer.failure) == (
        "GET /price",
        SpanKind.SERVER,
        b"",
        {"a": 1, "b": "two"},
        "",
    )
    assert (outer.began_ns, outer.ended_ns) == (began_ns, began_ns + 3_000_000)
    assert {inner.parent_id, job.parent_id} == {outer.span_id}
    assert {inner.trace_id, job.trace_id} == {outer.trace_id}
    assert (inner.name, inner.kind, inner.ended_ns - inner.began_ns) == ("transaction", SpanKind.CLIENT, 2_000_000)
    assert len({one.span_id for one in (inner, job, outer)}) == 3


def test_what_nobody_asked_for_is_no_trace(recorder: SpanRecorder) -> None:
    with recorder.within("transaction"):
        pass
    assert ended(recorder) == []


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
        assert by_name[f"within {name}"].parent_id == by_name[name].span_id


def test_a_leaf_may_end_elsewhere_than_it_began(recorder: SpanRecorder) -> None:
    with recorder.span("request"):
        leaf = recorder.within("transaction")
        leaf.__enter__()
    leaf.__exit__(None, None, None)
    assert [one.name for one in ended(recorder)] == ["request", "transaction"]


def test_what_is_raised_fails_the_span_and_is_told_by_its_kind_alone(recorder: SpanRecorder) -> None:
    for error in (DependencyAway(part="database", reason="password hush refused"), RuntimeError("hush")):
        with pytest.raises(type(error)), recorder.span("job"):
            raise error
    assert [one.failure for one in ended(recorder)] == ["DEPENDENCY_AWAY", "RuntimeError"]


def test_a_callers_trace_goes_on_here(recorder: SpanRecorder) -> None:
    with recorder.span("GET", parent=f"00-{TRACE}-{SPAN}-01"):
        pass
    with recorder.span("GET", parent="nonsense"):
        pass
    told, own = ended(recorder)
    assert (told.trace_id.hex(), told.parent_id.hex()) == (TRACE, SPAN)
    assert own.parent_id == b""


def test_a_caller_that_keeps_no_trace_keeps_none_of_ours(recorder: SpanRecorder) -> None:
    with recorder.span("GET", parent=f"00-{TRACE}-{SPAN}-00"), recorder.within("transaction"):
        pass
    assert ended(recorder) == []


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
    assert {one.trace_id for one in told if one.name == "GET"} == {one.trace_id for one in told if one.name == "transaction"}


@pytest.mark.parametrize(("most", "kept"), [(16, 16), (100_000, 50)])
def test_no_more_spans_wait_than_may(recorder: SpanRecorder, readings: Readings, most: int, kept: int) -> None:
    readings.turn("trace_spans_max", most)
    for _ in range(50):
        with recorder.span("GET"):
            pass
    assert (recorder.waiting, recorder.dropped) == (kept, 50 - kept)
    assert len(recorder.take(10)) == 10
    assert recorder.waiting == kept - 10


def test_off_nothing_is_kept_and_everything_may_be_said() -> None:
    traces: Traces = UNTRACED
    with traces.span("GET", parent="x", facts={"a": 1}) as span, traces.within("transaction") as inner:
        span.rename("GET /")
        span.note({"b": 2})
        inner.failed("X")
