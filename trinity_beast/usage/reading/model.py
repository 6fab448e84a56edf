"""What is asked of stored usage, and what comes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from trinity_beast.usage.model import Span

CHARGED = 1
"""The flag of a record whose answer was paid for with a unit of the key's month."""
REFUSED_FROM = 400
"""The lowest status that counts as refused."""
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class Sought:
    """Which answers are wanted: from `since` until before `until`, of these keys, and of every filter that is not empty one.

    `key_ids` None is everybody's. `sources` are tags or venues; `statuses` spans of numbers, both ends included.
    """

    since: datetime
    until: datetime
    key_ids: tuple[int, ...] | None
    assets: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    statuses: tuple[Span, ...] = ()
    protocols: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where in a listing a record stands. No two stand in one place."""

    time: datetime
    lane_id: int
    sequence: int


class UsageRow(NamedTuple):
    """One answered request, as it is stored. (`lane`, `sequence`) names it for ever."""

    time: datetime
    request_id: str
    key_id: int
    asset: str
    asset_count: int
    venue: str
    source: str
    cache_tier: str
    state: str
    status: int
    code: str
    protocol: str
    charged: bool
    latency_ns: int
    answer_bytes: int
    node: str
    lane: int
    sequence: int

    @property
    def place(self) -> Place:
        """Return where it stands."""
        return Place(self.time, self.lane, self.sequence)


class Dimension(StrEnum):
    """By what totals are told apart. `ALL` is their sum."""

    ALL = "all"
    ASSET = "asset"
    SOURCE = "source"
    STATUS = "status"
    PROTOCOL = "protocol"
    CACHE_TIER = "cache_tier"
    CODE = "code"


class Counted(NamedTuple):
    """What a number of answers comes to. Of none there is no latency."""

    requests: int
    charged: int
    refused: int
    answer_bytes: int
    latency_ns_p50: int | None
    latency_ns_p95: int | None
    latency_ns_p99: int | None


NOTHING = Counted(0, 0, 0, 0, None, None, None)


class Totals(NamedTuple):
    """What the answers of one group come to."""

    dimension: Dimension
    value: str
    counted: Counted


@dataclass(frozen=True, slots=True)
class Names:
    """What the small numbers of a row mean."""

    nodes: Mapping[int, str]
    sources: Mapping[int, tuple[str, str]]
    words: Mapping[tuple[str, int], str]

    def word(self, kind: str, number: int) -> str:
        """Return a word; one that a newer program wrote, and that nobody noted, is told as `?`."""
        return self.words.get((kind, number), "?")

    def numbers_of(self, kind: str, words: tuple[str, ...]) -> list[int]:
        """Return the numbers of the words that are known."""
        return [number for (found, number), word in self.words.items() if found == kind and word in words]

    def sources_of(self, names: tuple[str, ...]) -> list[int]:
        """Return the numbers of the sources that have one of these names, as their tag or their venue."""
        return [number for number, told in self.sources.items() if any(name and name in told for name in names)]


def request_id_of(number: int) -> str:
    """Return a request id as callers were told it: 60 bits in 12 characters of Crockford's base 32."""
    return "".join([_CROCKFORD[number >> shift & 31] for shift in range(55, -5, -5)])
