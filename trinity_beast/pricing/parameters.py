"""The knobs of pricing."""

from trinity_beast.parameters import Parameter

STALE_AFTER_SECONDS = Parameter(
    "stale_after_seconds", group="pricing", unit="s", default=90, least=5, most=3_600,
    help="A price older than this, by the venue's clock, is refused rather than served.",
)  # fmt: skip
