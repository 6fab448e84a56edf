"""The governor's knobs."""

from trinity_beast.parameters import Parameter

GROUP = "governor"

ADAPTIVE_ENABLED = Parameter(
    "adaptive_enabled", group=GROUP, default=False,
    help="Shed load when answers come late or connections are too many, the cheapest callers first.",
)  # fmt: skip
ADAPTIVE_MAX_CONCURRENT = Parameter(
    "adaptive_max_concurrent", group=GROUP, unit="connections", default=6_000, least=1, most=1_000_000,
    help="Past so many open connections over all nodes cheap callers are shed, past a tenth more all but those never shed.",
)  # fmt: skip
ADAPTIVE_SUCCESS_THRESHOLD = Parameter(
    "adaptive_success_threshold", group=GROUP, default=0.5, least=0.01, most=0.999,
    help="Shed more while the part of answers that came in time, over the last second, is below this.",
)  # fmt: skip
ADAPTIVE_LATE_MS = Parameter(
    "adaptive_late_ms", group=GROUP, unit="ms", default=50.0, least=0.1, most=10_000.0,
    help="An answer that took longer inside the node, waiting to be read included, came late.",
)  # fmt: skip
ADAPTIVE_THROTTLE_DELAY_MS = Parameter(
    "adaptive_throttle_delay_ms", group=GROUP, unit="ms", default=0, least=0, most=10_000,
    help="While something is shed, new connections wait so long in the kernel before they are accepted.",
)  # fmt: skip
UDP_MAX_CONCURRENT_LPO = Parameter(
    "udp_max_concurrent_lpo", group=GROUP, unit="datagrams", default=3_000, least=1, most=1_000_000,
    help="No more datagrams are in progress in a node at once; the others wait in the kernel's buffer.",
)  # fmt: skip
