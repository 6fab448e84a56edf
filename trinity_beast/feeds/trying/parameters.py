"""The knobs of a try."""

from trinity_beast.parameters import Parameter

GROUP = "feeds"

TRY_SECONDS = Parameter(
    "feed_try_seconds", group=GROUP, unit="s", default=5.0, least=1.0, most=20.0,
    help="How long a changed feed row is connected beside the running feed at most before it is judged.",
)  # fmt: skip
TRY_PERCENT_MAX = Parameter(
    "feed_try_percent_max", group=GROUP, unit="%", default=2.0, least=0.01, most=50.0,
    help="How far a tried row's price may lie from what the running feed of the same venue last heard.",
)  # fmt: skip
TRY_PERCENT_MAX_ELSEWHERE = Parameter(
    "feed_try_percent_max_elsewhere", group=GROUP, unit="%", default=10.0, least=0.1, most=90.0,
    help="How far a tried row's price may lie from another venue's, where its own venue has no running feed to compare with.",
)  # fmt: skip
TRY_LAG_SECONDS_MAX = Parameter(
    "feed_try_lag_seconds_max", group=GROUP, unit="s", default=5.0, least=0.5, most=60.0,
    help="How far a tried row's newest trade may lie behind that of the running feed of the same venue.",
)  # fmt: skip
