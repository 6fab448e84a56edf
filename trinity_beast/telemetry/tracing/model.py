"""A span that has ended, and whose it is. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from trinity_beast.traces import Fact, SpanKind


@dataclass(frozen=True, slots=True)
class Ended:
    """One piece of work that is over. `failure` is the code or kind of what went wrong; empty where nothing did."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    name: str
    kind: SpanKind
    began_ns: int
    """Unix time."""
    ended_ns: int
    facts: Mapping[str, Fact] = field(default_factory=dict)
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Resource:
    """Who did the work, by OpenTelemetry's names: `service.name` and the others."""

    facts: Mapping[str, Fact]
    scope: str
    version: str
