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
