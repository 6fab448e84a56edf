"""The words a control rule chooses from."""

from enum import StrEnum


class RowsOrder(StrEnum):
    """Which of several rows with one time is the newest."""

    OLDEST_FIRST = "oldest_first"
    NEWEST_FIRST = "newest_first"


class Scope(StrEnum):
    """What an ack or an error speaks of: one symbol, the whole request, or (acks) all that is held now."""

    SYMBOL = "symbol"
    MESSAGE = "message"
    STATE = "state"


class ErrorScope(StrEnum):
    """What an error speaks of."""

    SYMBOL = "symbol"
    MESSAGE = "message"


class Per(StrEnum):
    """Within what a sequence counts by one."""

    CONNECTION = "connection"
    SYMBOL = "symbol"


class TextMeaning(StrEnum):
    """What a frame that is no JSON means."""

    ALIVE = "alive"
    IGNORE = "ignore"
    RECONNECT = "reconnect"
