"""Spans as a collector reads them: one `ExportTraceServiceRequest` of OTLP, in protobuf's binary form. Pure.

Written by hand, for a message of six kinds is not worth the start-up time of a library to every verb of a shell; a test reads
all of it back with OpenTelemetry's own classes. Source of the numbers:
https://github.com/open-telemetry/opentelemetry-proto (trace.proto, common.proto, resource.proto), v1, read 2026-11-20.
"""

from collections.abc import Iterable, Mapping

from trinity_beast.telemetry.tracing.model import Ended, Resource
from trinity_beast.traces import Fact

_VARINT, _FIXED64, _BYTES = 0, 1, 2
_ERROR = 2
"""`STATUS_CODE_ERROR`; what did not fail has no status."""


def export_request(resource: Resource, spans: Iterable[Ended]) -> bytes:
    """Return the request that tells these spans of one resource."""
    scope = _message(
        2, _message(1, _text(1, resource.scope) + _text(2, resource.version)) + b"".join(_message(2, _span(one)) for one in spans)
    )
    return _message(1, _message(1, _attributes(1, resource.facts)) + scope)


def _span(span: Ended) -> bytes:
    parts = [
        _message(1, span.trace_id),
        _message(2, span.span_id),
        _message(4, span.parent_id) if span.parent_id else b"",
        _text(5, span.name),
        _number(6, span.kind.value),
        _fixed(7, span.began_ns),
        _fixed(8, span.ended_ns),
        _attributes(9, span.facts),
        _message(15, _text(2, span.failure) + _number(3, _ERROR)) if span.failure else b"",
    ]
    return b"".join(parts)


def _attributes(field: int, facts: Mapping[str, Fact]) -> bytes:
    return b"".join(_message(field, _text(1, name) + _message(2, _value(fact))) for name, fact in facts.items())


def _value(fact: Fact) -> bytes:
    if isinstance(fact, bool):
        return _number(2, int(fact))
    # A negative number is written as what it is in 64 bits.
    return _number(3, fact & 0xFFFF_FFFF_FFFF_FFFF) if isinstance(fact, int) else _text(1, fact)


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode("utf-8", "replace"))


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | _BYTES) + _varint(len(content)) + content


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(number)


def _fixed(field: int, number: int) -> bytes:
    return _varint(field << 3 | _FIXED64) + number.to_bytes(8, "little")


def _varint(number: int) -> bytes:
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)
