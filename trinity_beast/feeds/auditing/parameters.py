"""The knobs of audits and discovery."""

from trinity_beast.parameters import Parameter

GROUP = "feeds"

AUDIT_SECONDS = Parameter(
    "audit_seconds", group=GROUP, unit="s", default=55.0, least=5.0, most=3_600.0,
    help="How long an audit of the asset map may take; what exchanges have not answered by then is unproven.",
)  # fmt: skip
AUDIT_DRIFT_PERCENT = Parameter(
    "audit_drift_percent", group=GROUP, unit="%", default=2.0, least=0.01, most=100.0,
    help="A price this far from its exchange's REST, or from every other exchange's, is called drifting by an audit.",
)  # fmt: skip
AUDITS_KEPT = Parameter(
    "audits_kept", group=GROUP, unit="audits", default=50, least=1, most=10_000,
    help="How many past audits are kept; the oldest make room.",
)  # fmt: skip
DISCOVER_SECONDS = Parameter(
    "discover_seconds", group=GROUP, unit="s", default=20.0, least=1.0, most=25.0,
    help="How long a discovery may ask an exchange; markets whose volume it tells one by one come last where it was not told by then.",
)  # fmt: skip
VOLUME_KEPT_SECONDS = Parameter(
    "volume_kept_seconds", group=GROUP, unit="s", default=3_600.0, least=1.0, most=86_400.0,
    help="How long the volume of a market that its exchange tells by itself is believed, so that the next discovery asks for others.",
)  # fmt: skip
