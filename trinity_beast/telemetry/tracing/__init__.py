"""Traces of the control half: what was done within what, and how long it took; told to a collector by OTLP over HTTP."""

from trinity_beast.telemetry.tracing.address import OtlpAddress, otlp_address
from trinity_beast.telemetry.tracing.exporter import Exporter
from trinity_beast.telemetry.tracing.model import Ended, Resource
from trinity_beast.telemetry.tracing.recorder import Recorder

__all__ = ["Ended", "Exporter", "OtlpAddress", "Recorder", "Resource", "otlp_address"]
