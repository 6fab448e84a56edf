"""The knobs of what stands below every capability: connections, the engine's bounds, logs, the order of stopping.

Infrastructure knows no parameters; what is turned here is handed to it as plain values, by `compose/followers.py`.
"""

from trinity_beast.parameters import Parameter, not_above

DATABASE, CACHE, HTTP, UDP, USAGE, LOGS = "database", "cache", "http", "udp", "usage", "logs"

DB_MAX_OPEN_CONNS = Parameter(
    "db_max_open_conns", group=DATABASE, unit="connections", default=30, least=3, most=900,
    help="How many connections to the database a node opens at most for what people and the control half ask; the next waits.",
)  # fmt: skip
DB_MAX_IDLE_CONNS = Parameter(
    "db_max_idle_conns", group=DATABASE, unit="connections", default=30, least=1, most=900,
    help="How many of them are kept open when nobody uses them. As many as may be open, and no request waits for one to be made.",
)  # fmt: skip
DB_WAIT_TIMEOUT_MS = Parameter(
    "db_wait_timeout_ms", group=DATABASE, unit="ms", default=5_000, least=100, most=60_000,
    help="How long somebody waits for a connection while every one is in use.",
)  # fmt: skip
DB_TRANSACTION_TIMEOUT_MS = Parameter(
    "db_transaction_timeout_ms", group=DATABASE, unit="ms", default=15_000, least=1_000, most=600_000,
    help="How long a transaction may take before its connection is cut: a frozen server honours no limit of its own.",
)  # fmt: skip
IDLE_WITHIN_OPEN = not_above(DB_MAX_IDLE_CONNS, DB_MAX_OPEN_CONNS)

CACHE_POOL_SIZE = Parameter(
    "cache_pool_size", group=CACHE, unit="connections", default=9, least=1, most=900,
    help="How many connections to the shared cache a node opens at most; the next command waits.",
)  # fmt: skip
CACHE_MIN_IDLE_CONNS = Parameter(
    "cache_min_idle_conns", group=CACHE, unit="connections", default=3, least=0, most=900,
    help="How many of them are opened before anybody needs them, and again when they were lost.",
)  # fmt: skip
CACHE_DIAL_TIMEOUT_MS = Parameter(
    "cache_dial_timeout_ms", group=CACHE, unit="ms", default=1_000, least=10, most=60_000,
    help="How long a new connection to the shared cache may take to stand.",
)  # fmt: skip
CACHE_COMMAND_TIMEOUT_MS = Parameter(
    "cache_command_timeout_ms", group=CACHE, unit="ms", default=2_000, least=50, most=60_000,
    help="How long a command to the shared cache may take, waiting for a connection included, where nobody is in more of a hurry.",
)  # fmt: skip
WARM_WITHIN_POOL = not_above(CACHE_MIN_IDLE_CONNS, CACHE_POOL_SIZE)

HTTP_IDLE_TIMEOUT_SECONDS = Parameter(
    "http_idle_timeout_seconds", group=HTTP, unit="s", default=75.0, least=1.0, most=3_600.0,
    help="How long a connection may stay open without asking anything.",
)  # fmt: skip
HTTP_READ_TIMEOUT_SECONDS = Parameter(
    "http_read_timeout_seconds", group=HTTP, unit="s", default=10.0, least=0.1, most=600.0,
    help="How long a request may take from its first byte to the end of its header.",
)  # fmt: skip
HTTP_WRITE_TIMEOUT_SECONDS = Parameter(
    "http_write_timeout_seconds", group=HTTP, unit="s", default=20.0, least=0.1, most=600.0,
    help="How long a caller may leave an answer unread before the connection is cut.",
)  # fmt: skip
HTTP_HEADER_BYTES_MAX = Parameter(
    "http_header_bytes_max", group=HTTP, unit="bytes", default=16_384, least=1_024, most=65_536,
    help="How long a request's first line and header fields may be together.",
)  # fmt: skip
HTTP_UNSENT_BYTES_MAX = Parameter(
    "http_unsent_bytes_max", group=HTTP, unit="bytes", default=262_144, least=1_024, most=67_108_864,
    help="How many bytes of answers are kept for a caller that does not read them; past it nothing more of it is read.",
)  # fmt: skip
HTTP_CONNECTIONS_MAX = Parameter(
    "http_connections_max", group=HTTP, unit="connections", default=16_000, least=16, most=1_000_000,
    help="How many connections may be open at once; the next is refused. Whoever is in stays when this is lowered.",
)  # fmt: skip
HTTP_CONNECTIONS_PER_ADDRESS_MAX = Parameter(
    "http_connections_per_address_max", group=HTTP, unit="connections", default=12_000, least=8, most=1_000_000,
    help="How many of them one address (IPv6: a /64) may have.",
)  # fmt: skip
HTTP_HANDED_MAX = Parameter(
    "http_handed_max", group=HTTP, unit="connections", default=1_024, least=1, most=100_000, needs_restart=True,
    help="How many requests that the engine does not answer by itself may be in Python's hands at once; the next is OVERLOADED.",
)  # fmt: skip
HTTP_ASSETS_PER_REQUEST_MAX = Parameter(
    "http_assets_per_request_max", group=HTTP, unit="assets", default=1_000, least=1, most=1_000,
    help="How many assets the engine answers in one request; one for more goes to Python, which answers up to 1,000.",
)  # fmt: skip
UDP_ASSETS_PER_DATAGRAM_MAX = Parameter(
    "udp_assets_per_datagram_max", group=UDP, unit="assets", default=8, least=1, most=8,
    help="How many assets one datagram may ask for.",
)  # fmt: skip
KEY_QUESTION_SECONDS = Parameter(
    "key_question_seconds", group=HTTP, unit="s", default=5.0, least=0.05, most=60.0,
    help="How long a request waits in the engine while Python looks its key or its price up; then it is DEPENDENCY_AWAY.",
)  # fmt: skip
KEY_QUESTIONS_MAX = Parameter(
    "key_questions_max", group=HTTP, unit="requests", default=4_096, least=2, most=1_000_000, needs_restart=True,
    help="How many requests may wait so at once; the next is OVERLOADED.",
)  # fmt: skip
USAGE_SEGMENT_BYTES = Parameter(
    "usage_segment_bytes", group=USAGE, unit="bytes", default=4_194_304, least=65_536, most=1_073_741_824, needs_restart=True,
    help="How large a file of usage records is.",
)  # fmt: skip
USAGE_SEGMENT_SECONDS = Parameter(
    "usage_segment_seconds", group=USAGE, unit="s", default=1.0, least=0.1, most=3_600.0,
    help="How long a file of usage records is written to before it is sealed though not full: so late is usage stored at least.",
)  # fmt: skip

LOG_LEVEL = Parameter(
    "log_level", group=LOGS, default="info", choices=("debug", "info", "warning", "error"),
    help="The least that is written to the log.",
)  # fmt: skip
SHUTDOWN_GRACE_SECONDS = Parameter(
    "shutdown_grace_seconds", group=HTTP, unit="s", default=10.0, least=0.0, most=25.0,
    help="How long requests in flight may take to finish once the node stops.",
)  # fmt: skip
