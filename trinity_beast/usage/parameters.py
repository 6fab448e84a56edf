"""The knobs of metering."""

from trinity_beast.parameters import Parameter

GROUP = "usage"

SHIP_MS = Parameter(
    "usage_ship_ms", group=GROUP, unit="ms", default=250, least=10, most=60_000,
    help="How often the spool is looked through for sealed segments to be stored.",
)  # fmt: skip
BATCH_RECORDS = Parameter(
    "usage_batch_records", group=GROUP, unit="records", default=25_000, least=100, most=1_000_000,
    help="How many records are stored in one transaction at most: more are faster and take more memory.",
)  # fmt: skip
SHIPMENTS_MAX = Parameter(
    "usage_shipments_max", group=GROUP, unit="segments", default=2, least=1, most=16,
    help="How many segments are on their way to the database at once.",
)  # fmt: skip
TRIES_MAX = Parameter(
    "usage_tries_max", group=GROUP, unit="times", default=3, least=1, most=100,
    help="How often a batch that the database refuses is tried before it is set aside with its evidence.",
)  # fmt: skip
RETRY_SECONDS_MAX = Parameter(
    "usage_retry_seconds_max", group=GROUP, unit="s", default=5.0, least=0.1, most=300.0,
    help="The longest wait between two attempts while the database or the queue is away.",
)  # fmt: skip
PLAIN_SEGMENTS_MAX = Parameter(
    "usage_plain_segments_max", group=GROUP, unit="segments", default=8, least=0, most=10_000,
    help="How many sealed segments may wait as they are; while the database is away, further ones are compressed.",
)  # fmt: skip
DRAIN_SECONDS = Parameter(
    "usage_drain_seconds", group=GROUP, unit="s", default=5.0, least=0.0, most=600.0,
    help="How long a node that stops goes on storing what is sealed; the rest waits on disk for its next start.",
)  # fmt: skip
KEPT_DAYS = Parameter(
    "usage_kept_days", group=GROUP, unit="days", default=93, least=1, most=3_660,
    help="How many days, today included, the rows of answers are kept; a day is dropped once its sums are made.",
)  # fmt: skip
SUMS_KEPT_DAYS = Parameter(
    "usage_sums_kept_days", group=GROUP, unit="days", default=1_100, least=1, most=36_600,
    help="How many days, today included, the sums by day are kept; never shorter than the rows.",
)  # fmt: skip
DAYS_AHEAD = Parameter(
    "usage_days_ahead", group=GROUP, unit="days", default=7, least=1, most=60,
    help="For how many days to come there is a place for rows already, so that no midnight waits for one to be made.",
)  # fmt: skip
SPOOL_BYTES_MAX = Parameter(
    "usage_spool_bytes_max", group=GROUP, unit="B", default=8 << 30, least=64 << 20, most=1 << 50,
    help="How many bytes of disk usage that waits may take: past it the newest records are lost, and counted as lost.",
)  # fmt: skip
SQS_BATCH_SIZE = Parameter(
    "sqs_batch_size", group=GROUP, unit="messages", default=10, least=1, most=10,
    help="How many messages are sent to the queue in one call at most.",
)  # fmt: skip
SQS_FLUSH_MS = Parameter(
    "sqs_flush_ms", group=GROUP, unit="ms", default=100, least=0, most=10_000,
    help="How long a message for the queue waits for others to go with.",
)  # fmt: skip
SQS_BUFFER_SIZE = Parameter(
    "sqs_buffer_size", group=GROUP, unit="records", default=500_000, least=1_000, most=100_000_000,
    help="How many records may be on their way through the queue at once: sent, and not yet known to be stored.",
)  # fmt: skip
SQS_TIMEOUT_MS = Parameter(
    "sqs_timeout_ms", group=GROUP, unit="ms", default=3_000, least=100, most=60_000,
    help="How long a call to the queue may take, beyond what it waits for messages.",
)  # fmt: skip
RESEND_SECONDS = Parameter(
    "usage_resend_seconds", group=GROUP, unit="s", default=60.0, least=1.0, most=3_600.0,
    help="After how long a batch that went to the queue and was not stored is sent again; the next time after twice as long.",
)  # fmt: skip
RECEIVERS = Parameter(
    "usage_receivers", group=GROUP, unit="receivers", default=2, least=1, most=16,
    help="How many times at once a writer asks the queue for messages and stores what it is given.",
)  # fmt: skip
HOLD_SECONDS = Parameter(
    "usage_hold_seconds", group=GROUP, unit="s", default=30, least=2, most=3_600,
    help="How long the queue gives a message to nobody else while a writer has it; the writer asks for more in time.",
)  # fmt: skip
