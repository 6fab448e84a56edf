"""The knobs of limits over nodes."""

from trinity_beast.parameters import Parameter, not_above

GROUP = "limits"

NODES_EXPECTED = Parameter(
    "nodes_expected", group=GROUP, unit="nodes", default=1, least=1, most=64,
    help="Reckon with at least so many nodes when limits are shared and when it is told who is missing; with more where there are more.",
)  # fmt: skip
LEASE_SECONDS = Parameter(
    "lease_seconds", group=GROUP, unit="s", default=0.25, least=0.01, most=60.0,
    help="A node may be ahead of the cluster by so many seconds of a key's rate, within the bounds below and the key's burst.",
)  # fmt: skip
LEASE_REQUESTS_MIN = Parameter(
    "lease_requests_min", group=GROUP, unit="requests", default=100, least=1, most=1_000_000,
    help="A lease is worth at least so many requests, or the key's burst where that is less.",
)  # fmt: skip
LEASE_REQUESTS_MAX = Parameter(
    "lease_requests_max", group=GROUP, unit="requests", default=10_000, least=1, most=1_000_000,
    help="A lease is never worth more requests than this.",
)  # fmt: skip
LEAST_WITHIN_MOST = not_above(LEASE_REQUESTS_MIN, LEASE_REQUESTS_MAX)
