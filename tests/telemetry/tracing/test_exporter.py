"""Spans on their way to a real collector: there, slow to take them, away and back."""

import asyncio
import logging
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.support.clock import ManualClock
from tests.telemetry.tracing.collector import Beside, Collector, collecting
from trinity_beast.parameters import Readings
from trinity_beast.telemetry.tracing import SpanExporter, SpanRecorder, otlp_address
from trinity_beast.telemetry.tracing.exporter import BATCH_SPANS
from trinity_beast.traces import Fact, SpanKind

WHOSE = {"service.name": "trinity-beast", "service.version": "1.2", "service.instance.id": "one"}


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as collector:
        yield collector


@pytest.fixture
def recorder(clock: ManualClock) -> SpanRecorder:
    return SpanRecorder(clock, WHOSE)


@asynccontextmanager
async def exporting(
    recorder: SpanRecorder, collector: Collector, clock: ManualClock, readings: Readings | None = None, call_seconds: float = 60.0
) -> AsyncIterator[SpanExporter]:
    address = otlp_address(collector.url, "api-key=of%20the%20collector")
    exporter = SpanExporter(recorder, address, clock=clock, readings=readings, call_seconds=call_seconds)
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


def value_of(told: AnyValue) -> Fact:
    value: Fact = getattr(told, str(told.WhichOneof("value")))
    return value


def facts_of(span: Span) -> dict[str, Fact]:
    return {pair.key: value_of(pair.value) for pair in span.attributes}


def warned(caplog: pytest.LogCaptureFixture) -> list[tuple[str, object]]:
    return [(record.message, record.__dict__["facts"]) for record in caplog.records if record.levelno >= logging.WARNING]


async def test_spans_go_out_every_few_seconds_with_whose_they_are(recorder: SpanRecorder, collector: Collector, clock: ManualClock) -> None:
    async with exporting(recorder, collector, clock):
        work(recorder, 3)
        await clock.let_pass(5.1)
        await collector.until(3)
    assert [span.name for span in collector.spans] == ["work 0", "work 1", "work 2"]
    assert (collector.resources, collector.scopes) == ([WHOSE], [("trinity_beast", "1.2")])
    assert collector.headers[0]["api-key"] == "of the collector"


text = st.text(st.characters(codec="utf-8"), max_size=40)
facts = st.dictionaries(text.filter(bool), st.one_of(text, st.integers(-(2**63), 2**63 - 1), st.booleans()), max_size=5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text, st.sampled_from(SpanKind), facts, text.filter(bool), st.integers(0, 10**15))
def test_everything_noted_is_told(name: str, kind: SpanKind, noted: dict[str, Fact], failure: str, took_ns: int) -> None:
    asyncio.run(_told(name, kind, noted, failure, took_ns))


async def _told(name: str, kind: SpanKind, noted: dict[str, Fact], failure: str, took_ns: int) -> None:
    clock = ManualClock()
    recorder, began_ns = SpanRecorder(clock, WHOSE), clock.time_ns()
    async with collecting() as collector, exporting(recorder, collector, clock) as exporter:
        with recorder.span("outer") as outer, recorder.span(name, kind=kind, facts=noted):
            outer.failed(failure)
            clock.advance(took_ns // 1_000 / 1_000_000)
        await exporter.export()
    span, around = collector.spans
    assert (span.name, span.kind, facts_of(span)) == (name, kind.value, noted)
    assert (span.trace_id, span.parent_span_id) == (around.trace_id, around.span_id)
    assert (span.start_time_unix_nano, span.end_time_unix_nano) == (began_ns, clock.time_ns())
    assert (span.status.code, span.status.message) == (Status.STATUS_CODE_UNSET, "")
    assert (around.status.code, around.status.message) == (Status.STATUS_CODE_ERROR, failure)
    assert [*span.events, *around.events] == []


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
        await exporter.export()
    assert (len(collector.spans), len(collector.bodies), exporter.unexported) == (1, 3, 0)


@pytest.mark.parametrize("status", [400, 401, 301, 304, 500])
async def test_what_a_collector_will_never_take_is_not_told_again_and_the_log_has_it_once(
    recorder: SpanRecorder, collector: Collector, clock: ManualClock, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    collector.statuses = [status, status]
    async with exporting(recorder, collector, clock) as exporter:
        for _ in range(2):
            work(recorder, 2)
            await exporter.export()
        assert (exporter.exported, exporter.unexported, len(collector.bodies)) == (0, 4, 2)
        assert warned(caplog) == [("collector does not take spans", {"reason": f"status {status}"})]
        work(recorder)
        await exporter.export()
        assert (exporter.exported, len(collector.spans)) == (1, 1)


async def test_a_collector_that_is_away_costs_spans_and_nothing_else(
    recorder: SpanRecorder, collector: Collector, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with exporting(recorder, collector, clock, call_seconds=0.5) as exporter:
        await collector.stop()
        work(recorder)
        await exporter.export()
        assert {(sample.name, *sample.labels): sample.value for sample in exporter.samples()} == {
            ("trace_spans", ("outcome", "told")): 0,
            ("trace_spans", ("outcome", "untold")): 1,
            ("trace_spans", ("outcome", "dropped")): 0,
            ("trace_spans_waiting",): 0,
        }
        assert warned(caplog) == [("collector does not take spans", {"reason": "ConnectionError"})]
        await collector.start()
        async with asyncio.timeout(20):
            while not exporter.exported:
                work(recorder)
                await exporter.export()
        assert collector.spans


NODE = """
import asyncio, sys
from trinity_beast.clock import SystemClock
from trinity_beast.telemetry import SpanExporter, SpanRecorder, otlp_address

async def node():
    clock = SystemClock()
    recorder = SpanRecorder(clock)
    exporter = SpanExporter(recorder, otlp_address(sys.argv[1]), clock=clock, call_seconds=600.0, farewell_seconds=float(sys.argv[2]))
    await exporter.start()
    for _ in range(600):
        with recorder.span("work"):
            pass
    await exporter.stop()
    print(exporter.exported, exporter.unexported, recorder.waiting)

asyncio.run(node())
"""


def ran(*arguments: str, **environment: str) -> str:
    """Run a program that records 600 spans and stops, and return what it says; it has to end by itself."""
    command = [sys.executable, "-c", NODE, *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()  # fmt: skip


def test_a_collector_that_never_answers_keeps_no_node_from_its_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert ran(f"http://127.0.0.1:{mute.getsockname()[1]}", "0.1") == f"0 {BATCH_SPANS} {600 - BATCH_SPANS}"


def test_no_variable_leads_spans_elsewhere() -> None:
    elsewhere = "http://127.0.0.1:9"
    variables = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    with Beside() as beside:
        assert ran(beside.collector.url, "30", **dict.fromkeys(variables, elsewhere), NO_PROXY="", no_proxy="") == "600 0 0"
        assert len(beside.until(lambda spans: len(spans) >= 600)) == 600


def certified(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """The file of an authority nobody knows, which vouches for 127.0.0.1, and what a server says by it."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "collector")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
    made = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, secret)
    return certificate, tls


def test_a_collector_is_told_over_https_once_its_authority_is_known(tmp_path: Path) -> None:
    certificate, tls = certified(tmp_path)
    with Beside(tls) as beside:
        assert ran(beside.collector.url, "0.5") == f"0 {BATCH_SPANS} {600 - BATCH_SPANS}"
        assert beside.collector.bodies == []
        assert ran(beside.collector.url, "30", OTEL_EXPORTER_OTLP_CERTIFICATE=str(certificate)) == "600 0 0"
        assert len(beside.until(lambda spans: len(spans) >= 600)) == 600
