"""The knobs of what nodes tell each other of themselves."""

from trinity_beast.parameters import Agreement, Parameter

GROUP = "cluster"

PUBLISH_SECONDS = Parameter(
    "cluster_stats_publish_seconds", group=GROUP, unit="s", default=3.0, least=0.1, most=60.0,
    help="How often each node tells the shared cache how it fares.",
)  # fmt: skip
EXPIRY_SECONDS = Parameter(
    "cluster_stats_expiry_seconds", group=GROUP, unit="s", default=30.0, least=0.5, most=600.0,
    help="A node that has not told anything for so long is told as missing.",
)  # fmt: skip
REMEMBERED_SECONDS = Parameter(
    "cluster_node_remembered_seconds", group=GROUP, unit="s", default=86_400.0, least=60.0, most=2_592_000.0,
    help="A node that was killed is expected back for so long. One that stops in order is not.",
)  # fmt: skip
TOLD_BEFORE_FORGOTTEN = Agreement(
    (PUBLISH_SECONDS.name, EXPIRY_SECONDS.name),
    f"{EXPIRY_SECONDS.name} is at least twice {PUBLISH_SECONDS.name}",
    lambda values: bool(values[EXPIRY_SECONDS.name] >= 2 * values[PUBLISH_SECONDS.name]),
)
