"""The knobs of access."""

from trinity_beast.parameters import Parameter

GROUP = "access"

FAILED_KEYS_MAX = Parameter(
    "failed_keys_max", group=GROUP, unit="keys", default=30, least=1, most=1_000_000,
    help="So many different wrong keys from one address (IPv6: a /64) within the window, and none of its unknown keys is looked up.",
)  # fmt: skip
FAILED_KEYS_WINDOW_SECONDS = Parameter(
    "failed_keys_window_seconds", group=GROUP, unit="s", default=60.0, least=1.0, most=86_400.0,
    help="How long an address's wrong keys are counted together.",
)  # fmt: skip
FAILED_KEYS_PAUSE_SECONDS = Parameter(
    "failed_keys_pause_seconds", group=GROUP, unit="s", default=60.0, least=1.0, most=86_400.0,
    help="How long no unknown key is looked up for an address that has sent too many wrong ones. Keys in use answer all the while.",
)  # fmt: skip
