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
