"""The knobs of the daily dashboard."""

from trinity_beast.parameters import Parameter

GROUP = "operations"

KEPT_HOURS = Parameter(
    "daily_kept_hours", group=GROUP, unit="h", default=24.0, least=1.0, most=744.0,
    help="How long a daily dashboard that was made is kept; one is made every hour.",
)  # fmt: skip
SECTION_SECONDS = Parameter(
    "daily_section_seconds", group=GROUP, unit="s", default=5.0, least=0.1, most=20.0,
    help="How long a part of the daily dashboard may take to be told; what takes longer is said to be so.",
)  # fmt: skip
