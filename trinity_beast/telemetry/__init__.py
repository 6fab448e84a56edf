"""How the program tells what it does and how it fares."""

from trinity_beast.log import Log, get_log
from trinity_beast.telemetry.banner import Started, show_banner, try_lines
from trinity_beast.telemetry.cloudwatch import Account, PriceReading, Publisher, ReportReading, price_account, report_account
from trinity_beast.telemetry.counters import Counters, CounterSource
from trinity_beast.telemetry.errors import NotReady
from trinity_beast.telemetry.health import Finding, Health, HealthReport, PartHealth, Probe
from trinity_beast.telemetry.kept_logs import KeptLine, KeptLogs, Page
from trinity_beast.telemetry.latency import Histogram, LatencyRecorder, decoded, encoded, figures, merged
from trinity_beast.telemetry.logs import configure_logs, set_log_level
from trinity_beast.telemetry.metric import Kind, Metric, Sample, Samples, metrics_in
from trinity_beast.telemetry.moving_prices import MovingPrices, ShownPrice
from trinity_beast.telemetry.parameters import CLOUDWATCH_SERIES_MAX, LOG_LINES_KEPT
from trinity_beast.telemetry.pool_gauges import PoolGauges
from trinity_beast.telemetry.probes import cache_probe, database_probe, loop_probe, metering_probe
from trinity_beast.telemetry.process import ProcessFacts, process_facts
from trinity_beast.telemetry.redaction import Redactor
from trinity_beast.telemetry.tally import Derived, Stretch, Tally, derived_of, passed, tally_of, together, whole
from trinity_beast.telemetry.tracing import OtlpAddress, SpanExporter, SpanRecorder, otlp_address

__all__ = [
    "CLOUDWATCH_SERIES_MAX",
    "LOG_LINES_KEPT",
    "Account",
    "CounterSource",
    "Counters",
    "Derived",
    "Finding",
    "Health",
    "HealthReport",
    "Histogram",
    "KeptLine",
    "KeptLogs",
    "Kind",
    "LatencyRecorder",
    "Log",
    "Metric",
    "MovingPrices",
    "NotReady",
    "OtlpAddress",
    "Page",
    "PartHealth",
    "PoolGauges",
    "PriceReading",
    "Probe",
    "ProcessFacts",
    "Publisher",
    "Redactor",
    "ReportReading",
    "Sample",
    "Samples",
    "ShownPrice",
    "SpanExporter",
    "SpanRecorder",
    "Started",
    "Stretch",
    "Tally",
    "cache_probe",
    "configure_logs",
    "database_probe",
    "decoded",
    "derived_of",
    "encoded",
    "figures",
    "get_log",
    "loop_probe",
    "merged",
    "metering_probe",
    "metrics_in",
    "otlp_address",
    "passed",
    "price_account",
    "process_facts",
    "report_account",
    "set_log_level",
    "show_banner",
    "tally_of",
    "together",
    "try_lines",
    "whole",
]
