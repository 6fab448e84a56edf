"""The knobs of access."""

from trinity_beast.access.places import names_networks
from trinity_beast.parameters import Agreement, Parameter

GROUP = "access"

ADMIN_NETWORKS = Parameter(
    "admin_networks", group=GROUP, default="",
    help="From which networks operators may ask, commas between, such as 192.0.2.0/24, 2001:db8::/32; from this machine always."
    " Empty: from anywhere.",
)  # fmt: skip
ADMIN_NETWORKS_READ = Agreement(
    (ADMIN_NETWORKS.name,), f"{ADMIN_NETWORKS.name} names addresses and networks, commas between", names_networks
)
ADMIN_TRIES_MAX = Parameter(
    "admin_tries_max", group=GROUP, unit="keys", default=10, least=1, most=10_000,
    help="How many wrong admin keys one address (IPv6: a /64) may send within the window before none of its keys is looked at.",
)  # fmt: skip
ADMIN_TRIES_WINDOW_SECONDS = Parameter(
    "admin_tries_window_seconds", group=GROUP, unit="s", default=60.0, least=1.0, most=86_400.0,
    help="How long an address's wrong admin keys are counted together.",
)  # fmt: skip
KEY_LOOK_SECONDS = Parameter(
    "key_look_seconds", group=GROUP, unit="s", default=3.0, least=0.5, most=60.0,
    help="How often changed keys and tiers are looked for though no notice came: so late is a change where the notice was lost.",
)  # fmt: skip
KEY_CACHE_WAIT_MS = Parameter(
    "key_cache_wait_ms", group=GROUP, unit="ms", default=250, least=5, most=5_000,
    help="How long a key is waited for from the shared cache before the database is asked.",
)  # fmt: skip
KEY_USE_WRITE_SECONDS = Parameter(
    "key_use_write_seconds", group=GROUP, unit="s", default=60.0, least=1.0, most=3_600.0,
    help="How often it is written down when each key was used last.",
)  # fmt: skip
BLOCKLIST_LOOK_SECONDS = Parameter(
    "blocklist_look_seconds", group=GROUP, unit="s", default=3.0, least=0.5, most=60.0,
    help="How often changed blocks are looked for though no notice came.",
)  # fmt: skip
BLOCKLIST_BLOCKS_MAX = Parameter(
    "blocklist_blocks_max", group=GROUP, unit="blocks", default=50_000, least=1, most=1_000_000,
    help="How many blocks may stand at once; a further one is refused.",
)  # fmt: skip
LEAK_REPORTS_PER_MINUTE = Parameter(
    "leak_reports_per_minute", group=GROUP, unit="reports", default=60, least=1, most=100_000,
    help="How many reports of leaked keys a reporter may send in a minute.",
)  # fmt: skip
LEAK_WRONG_PER_MINUTE = Parameter(
    "leak_wrong_per_minute", group=GROUP, unit="reports", default=10, least=1, most=100_000,
    help="How many unsigned or wrongly signed reports an address may send in a minute.",
)  # fmt: skip
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
KEY_GUESSES_PER_SECOND = Parameter(
    "key_guesses_per_second", group=GROUP, unit="keys/s", default=500, least=1, most=500_000,
    help="How many keys that turn out to be nobody's are looked up in a second, over all addresses; counted apart for datagrams, for"
    " addresses that were wrong within the window, and for all others. Past it unknown keys are told OVERLOADED."
    " Twice as many may wait to be looked up at once.",
)  # fmt: skip
