"""What goes through a queue."""

from dataclasses import dataclass

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
