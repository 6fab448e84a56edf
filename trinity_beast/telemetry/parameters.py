"""The knobs of telemetry."""

from trinity_beast.parameters import Parameter

GROUP = "telemetry"

HEALTH_PROBE_SECONDS = Parameter(
    "health_probe_seconds", group=GROUP, unit="s", default=2.0, least=0.05, most=30.0,
    help="How long a part may take to say how it fares before it counts as ill.",
)  # fmt: skip
HEALTH_FRESH_SECONDS = Parameter(
    "health_fresh_seconds", group=GROUP, unit="s", default=1.0, least=0.0, most=60.0,
    help="How long what was found is told to whoever else asks: many askers cost no more than one.",
)  # fmt: skip
