"""The knobs of the shared cache of prices."""

from trinity_beast.parameters import Parameter

GROUP = "cache"

CACHE_FLUSH_SECONDS = Parameter(
    "cache_flush_seconds", group=GROUP, unit="s", default=30.0, least=0.5, most=600.0,
    help="How often every price that has changed is written to the shared cache; what REST told is written at once.",
)  # fmt: skip
CACHE_TTL_SECONDS = Parameter(
    "cache_ttl_seconds", group=GROUP, unit="s", default=13.0, least=1.0, most=3_600.0,
    help="A symbol that was neither heard nor proven here for so long is looked up in the shared cache, and so often again.",
)  # fmt: skip
CACHE_RETRY_SECONDS = Parameter(
    "cache_retry_seconds", group=GROUP, unit="s", default=1.0, least=0.2, most=60.0,
    help="The pause between two looks into the shared cache for a symbol without any price that may be served.",
)  # fmt: skip
CACHE_READ_TIMEOUT_MS = Parameter(
    "cache_read_timeout_ms", group=GROUP, unit="ms", default=250, least=10, most=5_000,
    help="How long a request that no price in memory answers waits for the shared cache before REST is asked.",
)  # fmt: skip
CACHE_WRITE_TIMEOUT_MS = Parameter(
    "cache_write_timeout_ms", group=GROUP, unit="ms", default=2_000, least=10, most=30_000,
    help="How long one pipeline of prices may take to be written to the shared cache.",
)  # fmt: skip
