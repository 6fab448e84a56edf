"""The knobs of reports."""

from trinity_beast.parameters import Parameter

GROUP = "reports"

AT_ONCE_MAX = Parameter(
    "reports_at_once_max", group=GROUP, unit="reports", default=8, least=1, most=100,
    help="How many reports are told at once by a node, each over a connection to the database; the next is refused as OVERLOADED.",
)  # fmt: skip
AT_ONCE_PER_KEY_MAX = Parameter(
    "reports_at_once_per_key_max", group=GROUP, unit="reports", default=2, least=1, most=100,
    help="How many of them may be one key's, so that nobody has them all.",
)  # fmt: skip
UDP_AT_ONCE_MAX = Parameter(
    "udp_max_concurrent_lrs", group=GROUP, unit="datagrams", default=64, least=1, most=10_000,
    help="How many datagrams that ask for reports are in progress at once; the rest wait in the kernel.",
)  # fmt: skip
KEPT_DAYS = Parameter(
    "report_usage_days", group=GROUP, unit="days", default=93, least=1, most=3_660,
    help="How long it is kept which reports were asked for.",
)  # fmt: skip
