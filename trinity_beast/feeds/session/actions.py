"""What a session asks of the socket."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Send:
    """Send this text frame."""

    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """Close the connection: code 1000, and for whom it interests, why."""

    reason: str


Action = Send | Close
