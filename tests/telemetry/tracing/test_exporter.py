"""Spans on their way to a real collector: there, slow to take them, away and back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.support.clock import ManualClock
from tests.support.feeds import dice
from tests.telemetry.tracing.collector import Collector, collecting
from trinity_beast.parameters import Readings
from trinity_beast.telemetry.tracing import Resource, SpanExporter, SpanRecorder, otlp_address
from trinity_beast.telemetry.tracing.exporter import BATCH_SPANS, TRIES_MAX

RESOURCE = Resource({"service.name": "trinity-beast", "service.instance.id": "one"}, "trinity_beast", "1")


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as collector:
        yield collector


@pytest.fixture
def recorder(clock: ManualClock) -> SpanRecorder:
    return SpanRecorder(clock, dice())


@asynccontextmanager
async def exporting(
    recorder: SpanRecorder, collector: Collector, clock: ManualClock, readings: Readings | None = None
) -> AsyncIterator[SpanExporter]:
    address = otlp_address(collector.url, "api-key=of%20the%20collector")
    exporter = SpanExporter(recorder, address, RESOURCE, clock=clock, readings=readings)
    await exporter.start()
    await clock.wait_for_sleepers()
    try:
        yield exporter
    finally:
        await exporter.stop()


def work(recorder: SpanRecorder, times: int = 1) -> None:
    for number in range(times):
        with recorder.span(f"work {number}"):
            pass


async def exported(exporter: SpanExporter, clock: ManualClock) -> None:
    """Let the exporter come to an end of what waits, however often it has to try."""
    async with asyncio.timeout(20):
        exporting = asyncio.create_task(exporter.export())
        while not exporting.done():
            await clock.let_pass(0.5)
        await exporting


async def test_spans_go_out_every_few_seconds_with_whose_they_are(recorder: SpanRecorder, collector: Collector, clock: ManualClock) -> None:
    async with exporting(recorder, collector, clock):
        work(recorder, 3)
        await clock.let_pass(5.1)
        await collector.until(3)
    assert [span.name for span in collector.spans] == ["work 0", "work 1", "work 2"]
    assert collector.resources == [{"service.name": "trinity-beast", "service.instance.id": "one"}]
    assert collector.headers[0]["api-key"] == "of the collector"


@pytest.mark.parametrize(("seconds", "is_told"), [(0.1, True), (300.0, False)])
async def test_how_often_is_turned(recorder: SpanRecorder, collector: Collector, clock: ManualClock, seconds: float, is_told: bool) -> None:
    readings = Readings()
    async with exporting(recorder, collector, clock, readings):
        readings.turn("trace_export_seconds", seconds)
        await clock.let_pass(5.1)
        work(recorder)
        await clock.let_pass(1)
        if is_told:
            await collector.until(1)
        assert recorder.waiting == (0 if is_told else 1)


async def test_what_ended_before_the_node_did_is_told(recorder: SpanRecorder, collector: Collector, clock: ManualClock) -> None:
    async with exporting(recorder, collector, clock) as exporter:
        work(recorder, BATCH_SPANS + 1)
    assert (len(collector.spans), len(collector.bodies), exporter.exported) == (BATCH_SPANS + 1, 2, BATCH_SPANS + 1)


async def test_a_collector_that_asks_for_patience_is_told_again(recorder: SpanRecorder, collector: Collector, clock: ManualClock) -> None:
    collector.statuses = [503, 429]
    async with exporting(recorder, collector, clock) as exporter:
        work(recorder)
        await exported(exporter, clock)
    assert (len(collector.spans), exporter.calls, exporter.unexported) == (1, 3, 0)


@pytest.mark.parametrize("status", [400, 401, 301, 500])
async def test_what_a_collector_will_never_take_is_not_told_again(
    recorder: SpanRecorder, collector: Collector, clock: ManualClock, status: int
) -> None:  # fmt: skip
    collector.statuses = [status]
    async with exporting(recorder, collector, clock) as exporter:
        work(recorder, 2)
        await exporter.export()
        assert (exporter.calls, exporter.unexported, len(collector.bodies)) == (1, 2, 1)
        work(recorder)
        await exporter.export()
        assert (exporter.exported, len(collector.spans)) == (1, 1)


async def test_a_collector_that_is_away_costs_spans_and_nothing_else(
    recorder: SpanRecorder, collector: Collector, clock: ManualClock
) -> None:
    async with exporting(recorder, collector, clock) as exporter:
        await collector.stop()
        work(recorder)
        await exported(exporter, clock)
        assert exporter.calls >= TRIES_MAX
        assert {(sample.name, *sample.labels): sample.value for sample in exporter.samples()} == {
            ("trace_spans", ("outcome", "told")): 0,
            ("trace_spans", ("outcome", "untold")): 1,
            ("trace_spans", ("outcome", "dropped")): 0,
            ("trace_spans_waiting",): 0,
        }
        await collector.start()
        work(recorder)
        await exporter.export()
        assert len(collector.spans) == 1
