"""The knobs of telemetry."""

from trinity_beast.parameters import Parameter

GROUP, LOGS = "telemetry", "logs"

HEALTH_PROBE_SECONDS = Parameter(
    "health_probe_seconds", group=GROUP, unit="s", default=2.0, least=0.05, most=30.0,
    help="How long a part may take to say how it fares before it counts as ill.",
)  # fmt: skip
HEALTH_FRESH_SECONDS = Parameter(
    "health_fresh_seconds", group=GROUP, unit="s", default=1.0, least=0.0, most=60.0,
    help="How long what was found is told to whoever else asks: many askers cost no more than one.",
)  # fmt: skip
LOG_LINES_KEPT = Parameter(
    "log_lines_kept", group=LOGS, unit="lines", default=2_000, least=10, most=50_000,
    help="How many of the last log lines a node keeps in memory for `beast logs`, as far as 8 MiB hold them.",
)  # fmt: skip
CLOUDWATCH_PUBLISH_SECONDS = Parameter(
    "cloudwatch_publish_seconds", group=GROUP, unit="s", default=60.0, least=1.0, most=3_600.0,
    help="How often figures go to CloudWatch, where CLOUDWATCH_METRICS says that they do.",
)  # fmt: skip
CLOUDWATCH_PENDING_MAX = Parameter(
    "cloudwatch_pending_max", group=GROUP, unit="calls", default=120, least=2, most=10_000,
    help="How many calls' worth of figures wait while CloudWatch takes none; past it the oldest are lost. A round has one a service.",
)  # fmt: skip
CLOUDWATCH_SERIES_MAX = Parameter(
    "cloudwatch_series_max", group=GROUP, unit="series", default=50, least=0, most=400,
    help="How many assets, and how many sources, are told apart in CloudWatch, those with most answers first; the rest are one sum.",
)  # fmt: skip
TRACE_SHARE = Parameter(
    "trace_share", group=GROUP, default=1.0, least=0.0, most=1.0,
    help="Which share of traces is kept, where OTEL_EXPORTER_OTLP_ENDPOINT says where they go; each is kept whole or not at all.",
)  # fmt: skip
TRACE_SPANS_MAX = Parameter(
    "trace_spans_max", group=GROUP, unit="spans", default=2_048, least=16, most=100_000,
    help="How many spans wait for the collector at most; past it the newest are dropped.",
)  # fmt: skip
TRACE_EXPORT_SECONDS = Parameter(
    "trace_export_seconds", group=GROUP, unit="s", default=5.0, least=0.1, most=300.0,
    help="How often spans go to the collector.",
)  # fmt: skip
