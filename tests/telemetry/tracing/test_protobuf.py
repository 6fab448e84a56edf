"""What we write, read by OpenTelemetry's own classes."""

from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from trinity_beast.telemetry.tracing import Ended, Resource
from trinity_beast.telemetry.tracing.protobuf import export_request
from trinity_beast.traces import Fact, SpanKind

facts = st.dictionaries(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20),
    st.one_of(st.text(st.characters(codec="utf-8"), max_size=40), st.integers(-(2**63), 2**63 - 1), st.booleans()),
    max_size=5,
)
times = st.integers(0, 2**64 - 1)
spans = st.builds(
    Ended,
    st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8), st.one_of(st.just(b""), st.binary(min_size=8, max_size=8)),
    st.text(st.characters(codec="utf-8"), max_size=30), st.sampled_from(SpanKind), times, times, facts,
    st.text(st.characters(codec="utf-8"), max_size=10),
)  # fmt: skip


def value_of(told: AnyValue) -> Fact:
    value: Fact = getattr(told, str(told.WhichOneof("value")))
    return value


def read(span: Span) -> Ended:
    facts = {pair.key: value_of(pair.value) for pair in span.attributes}
    return Ended(
        span.trace_id, span.span_id, span.parent_span_id, span.name, SpanKind(span.kind),
        span.start_time_unix_nano, span.end_time_unix_nano, facts, span.status.message,
    )  # fmt: skip


@given(facts, st.lists(spans, max_size=4))
def test_everything_written_is_read_back(of: dict[str, Fact], written: list[Ended]) -> None:
    told = ExportTraceServiceRequest.FromString(export_request(Resource(of, "trinity_beast", "1.2"), written))
    [resource] = told.resource_spans
    assert {pair.key: value_of(pair.value) for pair in resource.resource.attributes} == of
    [scope] = resource.scope_spans
    assert (scope.scope.name, scope.scope.version) == ("trinity_beast", "1.2")
    assert [read(span) for span in scope.spans] == written
    for span, one in zip(scope.spans, written, strict=True):
        assert span.status.code == (Status.STATUS_CODE_ERROR if one.failure else Status.STATUS_CODE_UNSET)


def test_text_that_is_none_is_told_with_marks() -> None:
    ended = Ended(b"t" * 16, b"s" * 8, b"", "GET \udc80", SpanKind.SERVER, 1, 2)
    told = ExportTraceServiceRequest.FromString(export_request(Resource({}, "s", "1"), [ended]))
    assert told.resource_spans[0].scope_spans[0].spans[0].name == "GET ?"
