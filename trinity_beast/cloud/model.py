"""What goes through a queue, and what is told to a keeper of metrics."""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

MESSAGES_MAX = 10
"""How many messages one call takes or gives at most.
Source: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html, read 2026-11-20.
"""
CALL_BYTES_MAX = 262_144
"""How many bytes the messages of one call have in all at most, and so one message: what every queue takes, old ones too."""


@dataclass(frozen=True, slots=True)
class Received:
    """A message that is ours until it is visible to others again. `handle` is what it is deleted by; each receipt has its own."""

    message_id: str
    body: str
    handle: str
    receipts: int
    """How often it was given to somebody, this time included, as far as the queue knows."""


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a queue holds, approximately: messages that wait, and messages that somebody has in hand."""

    waiting: int
    in_hand: int


FIGURES_MAX = 1_000
"""How many figures one call takes at most; a call has a megabyte at most.
Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html, read 2026-11-20.
"""
NAME_CHARACTERS_MAX = 255
"""How long the names and values of a figure may be: a thousand figures of three such then stay below a call's megabyte."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Some samples of a metric, as what statistics need of them: how many, their sum, the least and the greatest."""

    name: str
    at: datetime
    samples: float
    total: float
    least: float
    most: float
    unit: str = "Count"
    """One of CloudWatch's words: `Count`, `Percent`, `Milliseconds` …"""
    dimensions: tuple[tuple[str, str], ...] = ()


class Outcome(Enum):
    """What became of figures that were given to a keeper of metrics."""

    TAKEN = auto()
    NOT_TAKEN = auto()
    """They were refused, or never left: they may be given again."""
    UNKNOWN = auto()
    """They left and nobody said what became of them: given again, they might count twice."""


@dataclass(frozen=True, slots=True)
class Put:
    """What became of figures, and why where they were not taken."""

    outcome: Outcome
    reason: str = ""
