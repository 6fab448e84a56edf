"""What follows a turned parameter by itself: pools, the engine's bounds, the level of the log."""

from trinity_beast.clock import Clock
from trinity_beast.compose import parameters as knobs
from trinity_beast.engine import Engine, Limits
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database, Valkey, WarmLines
from trinity_beast.telemetry import LOG_LINES_KEPT, KeptLogs, set_log_level


def follow_log_level(readings: Readings) -> None:
    """Write from `log_level` up."""
    level = readings.of(knobs.LOG_LEVEL)
    readings.follow(lambda: set_log_level(level.value))


def follow_kept_logs(readings: Readings, logs: KeptLogs) -> None:
    """Keep so many of the last lines in memory."""
    lines = readings.of(LOG_LINES_KEPT)
    readings.follow(lambda: logs.resize(lines.value))


def follow_database(readings: Readings, database: Database, *, transaction_seconds: float | None = None) -> None:
    """Keep the pool's bounds at what is turned; but a transaction at `transaction_seconds` where they are given."""
    most, idle = readings.of(knobs.DB_MAX_OPEN_CONNS), readings.of(knobs.DB_MAX_IDLE_CONNS)
    wait, whole = readings.of(knobs.DB_WAIT_TIMEOUT_MS), readings.of(knobs.DB_TRANSACTION_TIMEOUT_MS)

    def follow() -> None:
        seconds = whole.value / 1_000 if transaction_seconds is None else transaction_seconds
        database.resize(most.value, idle.value, wait_seconds=wait.value / 1_000, transaction_seconds=seconds)

    readings.follow(follow)


def follow_cache(readings: Readings, cache: Valkey, clock: Clock) -> WarmLines:
    """Keep the pool's bounds at what is turned; what is returned keeps connections warm."""
    most, idle = readings.of(knobs.CACHE_POOL_SIZE), readings.of(knobs.CACHE_MIN_IDLE_CONNS)
    dial, command = readings.of(knobs.CACHE_DIAL_TIMEOUT_MS), readings.of(knobs.CACHE_COMMAND_TIMEOUT_MS)
    warm = WarmLines(cache, lambda: idle.value, clock)

    def follow() -> None:
        cache.resize(most.value, connect_seconds=dial.value / 1_000, command_seconds=command.value / 1_000)
        warm.stir()

    readings.follow(follow)
    return warm


class EngineBounds:
    """The engine's bounds as they are turned."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._header, self._idle = readings.of(knobs.HTTP_READ_TIMEOUT_SECONDS), readings.of(knobs.HTTP_IDLE_TIMEOUT_SECONDS)
        self._unsent, self._question = readings.of(knobs.HTTP_WRITE_TIMEOUT_SECONDS), readings.of(knobs.KEY_QUESTION_SECONDS)
        self._header_bytes, self._unsent_bytes = readings.of(knobs.HTTP_HEADER_BYTES_MAX), readings.of(knobs.HTTP_UNSENT_BYTES_MAX)
        self._connections = readings.of(knobs.HTTP_CONNECTIONS_MAX)
        self._connections_per_address = readings.of(knobs.HTTP_CONNECTIONS_PER_ADDRESS_MAX)
        self._handed, self._questions = readings.of(knobs.HTTP_HANDED_MAX), readings.of(knobs.KEY_QUESTIONS_MAX)
        self._assets = readings.of(knobs.HTTP_ASSETS_PER_REQUEST_MAX)
        self._assets_per_datagram = readings.of(knobs.UDP_ASSETS_PER_DATAGRAM_MAX)
        self._segment_bytes, self._segment_seconds = readings.of(knobs.USAGE_SEGMENT_BYTES), readings.of(knobs.USAGE_SEGMENT_SECONDS)

    def limits(self) -> Limits:
        """Return the bounds in force now."""
        return Limits(
            header_bytes_max=self._header_bytes.value,
            header_seconds=self._header.value,
            idle_seconds=self._idle.value,
            connections_max=self._connections.value,
            connections_per_address_max=self._connections_per_address.value,
            unsent_bytes_max=self._unsent_bytes.value,
            unsent_seconds=self._unsent.value,
            handed_max=self._handed.value,
            questions_max=self._questions.value,
            question_seconds=self._question.value,
            assets_per_request_max=self._assets.value,
            assets_per_datagram_max=self._assets_per_datagram.value,
            segment_bytes=self._segment_bytes.value,
            segment_seconds=self._segment_seconds.value,
        )

    def follow(self, engine: Engine) -> None:
        """Keep an engine at what is turned."""
        self._readings.follow(lambda: engine.set_limits(self.limits()))
