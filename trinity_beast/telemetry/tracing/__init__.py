"""Traces of the control half: what was done within what, and how long it took; told to a collector by OTLP over HTTP."""

from trinity_beast.telemetry.tracing.address import OtlpAddress, otlp_address
from trinity_beast.telemetry.tracing.exporter import SpanExporter
from trinity_beast.telemetry.tracing.recorder import SpanRecorder

__all__ = ["OtlpAddress", "SpanExporter", "SpanRecorder", "otlp_address"]
