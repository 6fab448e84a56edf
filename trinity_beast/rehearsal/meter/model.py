"""What callers counted and what the meter says, as the judge speaks of both."""

from dataclasses import dataclass, field
from typing import NamedTuple

SECOND_NS = 1_000_000_000
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, in which a node tells the ids of its requests."""


class Heard(NamedTuple):
    """An answer that reached its caller. A datagram tells no status: it is 0."""

    node: str
    request_id: int
    key_id: int
    status: int
    code: str


class Cut(NamedTuple):
    """A request that was sent and whose answer never came: it may be on record or not. It was given up at `until_ns`."""

    node: str
    key_id: int
    sent_ns: int
    until_ns: int


class Row(NamedTuple):
    """A stored row. Times are Unix nanoseconds."""

    node: str
    request_id: int
    key_id: int
    status: int
    code: str
    time_ns: int


class Counted(NamedTuple):
    """What a key's requests came to, by whoever counts."""

    requests: int
    refused: int


@dataclass(slots=True)
class Ledger:
    """All that the callers of one run counted."""

    heard: list[Heard] = field(default_factory=list)
    cuts: list[Cut] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


def number_of(request_id: str) -> int:
    """Return the number behind a request id as a node tells it.

    Raises:
        ValueError: it is none.
    """
    if len(request_id) != 12 or not set(request_id) <= set(ALPHABET):
        raise ValueError(f"{request_id!r} is no request id")
    number = 0
    for letter in request_id:
        number = number << 5 | ALPHABET.index(letter)
    return number
