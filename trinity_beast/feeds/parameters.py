"""The knobs of the feeds."""

from trinity_beast.parameters import Parameter, Readings, not_above

GROUP = "feeds"

CONNECT_SECONDS = Parameter(
    "feed_connect_seconds", group=GROUP, unit="s", default=10.0, least=1.0, most=60.0,
    help="How long connecting to an exchange, TLS and handshake included, may take before it counts as failed.",
)  # fmt: skip
BACKOFF_SECONDS = Parameter(
    "feed_backoff_seconds", group=GROUP, unit="s", default=1.0, least=0.1, most=60.0,
    help="The longest wait before the first new attempt after a connection was lost; each further one may wait twice as long.",
)  # fmt: skip
BACKOFF_SECONDS_MAX = Parameter(
    "feed_backoff_seconds_max", group=GROUP, unit="s", default=60.0, least=1.0, most=600.0,
    help="The longest wait between two attempts to reach an exchange.",
)  # fmt: skip
BACKOFF_WITHIN_MAX = not_above(BACKOFF_SECONDS, BACKOFF_SECONDS_MAX)
ATTEMPTS_PER_10_MINUTES = Parameter(
    "feed_attempts_per_10_minutes", group=GROUP, unit="attempts", default=100, least=5, most=1_000,
    help="How many connections to one exchange are tried in ten minutes at most, so that a venue that drops us at once never bans us.",
)  # fmt: skip
SILENCE_SECONDS = Parameter(
    "feed_silence_seconds", group=GROUP, unit="s", default=60.0, least=5.0, most=600.0,
    help="Silence after which a connection counts as dead, where its feed row says nothing of its own.",
)  # fmt: skip
MESSAGES_PER_SECOND = Parameter(
    "feed_messages_per_second", group=GROUP, unit="messages/s", default=6.0, least=0.1, most=1_000.0,
    help="How many messages a second are sent to an exchange at most, where its feed row says nothing of its own.",
)  # fmt: skip
ACK_SECONDS = Parameter(
    "feed_ack_seconds", group=GROUP, unit="s", default=10.0, least=1.0, most=120.0,
    help="How long an exchange may leave a subscription without an answer before it is asked again.",
)  # fmt: skip
ASKS_MAX = Parameter(
    "feed_asks_max", group=GROUP, unit="times", default=3, least=1, most=20,
    help="How often an unanswered subscription is asked for before the symbol is set aside.",
)  # fmt: skip
REFUSED_RETRY_SECONDS = Parameter(
    "feed_refused_retry_seconds", group=GROUP, unit="s", default=600.0, least=10.0, most=86_400.0,
    help="How long a symbol that was refused or never answered is left alone before it is asked for again, by itself.",
)  # fmt: skip
SETTLE_SECONDS = Parameter(
    "feed_settle_seconds", group=GROUP, unit="s", default=15.0, least=1.0, most=300.0,
    help="How long the old connection is kept, at a planned change, for one whose subscriptions are not all answered.",
)  # fmt: skip
FUTURE_SECONDS_MAX = Parameter(
    "feed_future_seconds_max", group=GROUP, unit="s", default=2.0, least=0.1, most=60.0,
    help="A trade whose exchange time lies further ahead of our clock than this is refused and counted.",
)  # fmt: skip
STOP_SECONDS = Parameter(
    "feed_stop_seconds", group=GROUP, unit="s", default=2.0, least=0.1, most=30.0,
    help="How long a feed waits, when it stops, for the exchange to close the connection in order.",
)  # fmt: skip

FEED_LOOK_SECONDS = Parameter(
    "feed_look_seconds", group=GROUP, unit="s", default=10.0, least=0.5, most=600.0,
    help="How often changed feed rows and asset maps are looked for though no notice came.",
)  # fmt: skip
PREWARM_ASSETS = Parameter(
    "prewarm_assets", group=GROUP, default="",
    help="Of what the asset map has held from the start, hold only these assets, commas between; the others are fetched when asked for."
    " Empty: hold all of it.",
)  # fmt: skip


class Knobs:
    """The live readings of all of them, taken at each use."""

    def __init__(self, readings: Readings) -> None:
        self.connect_seconds = readings.of(CONNECT_SECONDS)
        self.backoff_seconds = readings.of(BACKOFF_SECONDS)
        self.backoff_seconds_max = readings.of(BACKOFF_SECONDS_MAX)
        self.attempts_per_10_minutes = readings.of(ATTEMPTS_PER_10_MINUTES)
        self.silence_seconds = readings.of(SILENCE_SECONDS)
        self.messages_per_second = readings.of(MESSAGES_PER_SECOND)
        self.ack_seconds = readings.of(ACK_SECONDS)
        self.asks_max = readings.of(ASKS_MAX)
        self.refused_retry_seconds = readings.of(REFUSED_RETRY_SECONDS)
        self.settle_seconds = readings.of(SETTLE_SECONDS)
        self.future_seconds_max = readings.of(FUTURE_SECONDS_MAX)
        self.stop_seconds = readings.of(STOP_SECONDS)
