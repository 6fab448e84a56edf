"""How the program tells what it does and how it fares."""

from trinity_beast.log import Log, get_log
from trinity_beast.telemetry.banner import Started, show_banner, try_lines
from trinity_beast.telemetry.counters import Counters, CounterSource
from trinity_beast.telemetry.errors import NotReady
from trinity_beast.telemetry.health import Finding, Health, HealthReport, PartHealth, Probe
from trinity_beast.telemetry.kept_logs import KeptLine, KeptLogs, Page
from trinity_beast.telemetry.logs import configure_logs, set_log_level
from trinity_beast.telemetry.moving_prices import MovingPrices, ShownPrice
from trinity_beast.telemetry.parameters import LOG_LINES_KEPT
from trinity_beast.telemetry.pool_gauges import PoolGauges
from trinity_beast.telemetry.probes import cache_probe, database_probe, loop_probe, metering_probe
from trinity_beast.telemetry.process import ProcessFacts, process_facts
from trinity_beast.telemetry.redaction import Redactor
from trinity_beast.telemetry.samples import Sample, Samples
from trinity_beast.telemetry.tally import Derived, Span, Tally, derived_of, passed, tally_of, together, whole

__all__ = [
    "LOG_LINES_KEPT",
    "CounterSource",
    "Counters",
    "Derived",
    "Finding",
    "Health",
    "HealthReport",
    "KeptLine",
    "KeptLogs",
    "Log",
    "MovingPrices",
    "NotReady",
    "Page",
    "PartHealth",
    "PoolGauges",
    "Probe",
    "ProcessFacts",
    "Redactor",
    "Sample",
    "Samples",
    "ShownPrice",
    "Span",
    "Started",
    "Tally",
    "cache_probe",
    "configure_logs",
    "database_probe",
    "derived_of",
    "get_log",
    "loop_probe",
    "metering_probe",
    "passed",
    "process_facts",
    "set_log_level",
    "show_banner",
    "tally_of",
    "together",
    "try_lines",
    "whole",
]
