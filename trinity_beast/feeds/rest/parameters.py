"""The knobs of REST looks."""

from trinity_beast.parameters import Parameter, Readings, not_above

GROUP = "feeds"

REST_LOOK_SECONDS = Parameter(
    "rest_look_seconds", group=GROUP, unit="s", default=5.0, least=0.1, most=60.0,
    help="How long one REST look at an exchange's last trade may take, waiting for its turn included.",
)  # fmt: skip
REST_REQUESTS_PER_SECOND = Parameter(
    "rest_requests_per_second", group=GROUP, unit="requests/s", default=1.0, least=0.01, most=1_000.0,
    help="How many REST requests a second an exchange is sent at most, where its feed row says nothing of its own.",
)  # fmt: skip
REST_FLIGHTS_MAX = Parameter(
    "rest_flights_max", group=GROUP, unit="requests", default=8, least=1, most=256,
    help="How many REST requests may be on their way to one exchange at once.",
)  # fmt: skip
REST_WAITING_MAX = Parameter(
    "rest_waiting_max", group=GROUP, unit="requests", default=1_000, least=1, most=100_000,
    help="How many looks may wait for their turn at one exchange; past it a proof makes room for a customer's ask, or is refused.",
)  # fmt: skip
REST_BYTES_MAX = Parameter(
    "rest_bytes_max", group=GROUP, unit="bytes", default=33_554_432, least=65_536, most=268_435_456,
    help="The longest REST answer that is read; a longer one counts as failed.",
)  # fmt: skip
REST_FAILURES_MAX = Parameter(
    "rest_failures_max", group=GROUP, unit="failures", default=5, least=1, most=100,
    help="After so many failed REST requests in a row an exchange is left alone for a while.",
)  # fmt: skip
REST_PAUSE_SECONDS = Parameter(
    "rest_pause_seconds", group=GROUP, unit="s", default=10.0, least=0.1, most=600.0,
    help="How long an exchange is left alone after too many failures or a limit without Retry-After; twice as long each further time.",
)  # fmt: skip
REST_PAUSE_SECONDS_MAX = Parameter(
    "rest_pause_seconds_max", group=GROUP, unit="s", default=300.0, least=1.0, most=86_400.0,
    help="The longest time an exchange is left alone, whatever it asks for by Retry-After.",
)  # fmt: skip
PAUSE_WITHIN_MAX = not_above(REST_PAUSE_SECONDS, REST_PAUSE_SECONDS_MAX)
REST_LIST_SECONDS = Parameter(
    "rest_list_seconds", group=GROUP, unit="s", default=60.0, least=1.0, most=86_400.0,
    help="How long an exchange's list of tradable and halted symbols is believed before it is fetched again.",
)  # fmt: skip
REST_DETAILS_SECONDS = Parameter(
    "rest_details_seconds", group=GROUP, unit="s", default=600.0, least=1.0, most=86_400.0,
    help="How long an exchange's word on one symbol is believed, where it is asked for each by itself.",
)  # fmt: skip
REST_LIST_FLIGHT_SECONDS = Parameter(
    "rest_list_flight_seconds", group=GROUP, unit="s", default=20.0, least=1.0, most=120.0,
    help="How long an exchange may take to answer an audit's or a discovery's request with one of its lists.",
)  # fmt: skip


class RestKnobs:
    """The live readings of all of them, taken at each use."""

    def __init__(self, readings: Readings) -> None:
        self.look_seconds = readings.of(REST_LOOK_SECONDS)
        self.requests_per_second = readings.of(REST_REQUESTS_PER_SECOND)
        self.flights_max = readings.of(REST_FLIGHTS_MAX)
        self.waiting_max = readings.of(REST_WAITING_MAX)
        self.bytes_max = readings.of(REST_BYTES_MAX)
        self.failures_max = readings.of(REST_FAILURES_MAX)
        self.pause_seconds = readings.of(REST_PAUSE_SECONDS)
        self.pause_seconds_max = readings.of(REST_PAUSE_SECONDS_MAX)
        self.list_seconds = readings.of(REST_LIST_SECONDS)
        self.details_seconds = readings.of(REST_DETAILS_SECONDS)
