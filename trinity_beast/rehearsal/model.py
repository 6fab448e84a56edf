"""The nouns of a rehearsal: what a node answered, and what is wrong with it."""

from dataclasses import dataclass, field
from enum import StrEnum

from trinity_beast.words import Asset, Symbol, Venue

SECOND_NS = 1_000_000_000
MS_NS = 1_000_000


class Protocol(StrEnum):
    """How it was asked."""

    HTTP = "http"
    UDP = "udp"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: when it left (the venues' right time), and what it demanded of every price."""

    protocol: Protocol
    at_ns: int
    venue: Venue | None = None
    max_age_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One price in an answer that calls itself usable.

    `exchange_time_ns` is as told, in steps of `unit_ns`: UDP tells milliseconds. `heard_ns` is when the answer had come.
    """

    asked: Asked
    heard_ns: int
    asset: Asset
    price: str
    quote: str
    venue: Venue
    source: str
    state: str
    exchange_time_ns: int
    unit_ns: int
    age_ms: int


@dataclass(frozen=True, slots=True)
class Refused:
    """One asset that was not priced, and the code that says why."""

    asked: Asked
    heard_ns: int
    asset: Asset
    code: str


class Lie(StrEnum):
    """The kinds of wrong-but-OK. `README.md` defines each."""

    WRONG_PRICE = "wrong price"
    WRONG_TIME = "wrong time"
    NEVER_TRADED = "never traded"
    WRONG_SOURCE = "wrong source"
    TOO_YOUNG = "older than said"
    TOO_OLD = "younger than said"
    SHRUNK = "age shrank"
    BACKWARDS = "back in time"
    FUTURE = "from the future"
    NOT_LIVE = "live and is not"
    NOT_QUIET = "quiet and is not"
    NOT_HALTED = "halted and is not"
    OUTLIVED = "past every bound"
    GONE = "the market is gone"
    NOT_USABLE = "OK and not usable"
    NOT_AS_ASKED = "not as asked"


class Unprovable(StrEnum):
    """What a venue told wrongly in such a way that nothing a node can see shows it. Counted apart, never as right."""

    REST_REPEATS = "REST repeats an old trade while the socket is silent"
    CENTS = "the only venue of an asset prints a wrong price"
    CLOCK = "the venue's clock is wrong within the bound"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one told price."""

    lie: Lie
    told: Told
    why: str

    def __str__(self) -> str:
        told = self.told
        what = f"{told.asset} {told.price} {told.source} {told.state}, {told.age_ms} ms old, over {told.asked.protocol}"
        return f"{self.lie.value}: {what}: {self.why}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the oracle says of one told price: nothing, or all that is wrong with it."""

    findings: tuple[Finding, ...] = ()
    unprovable: Unprovable | None = None

    @property
    def is_true(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class Market:
    """One symbol of one venue, and what it prices in which currency."""

    venue: Venue
    symbol: Symbol
    asset: Asset
    quote: str


@dataclass(slots=True)
class Tally:
    """How many prices were judged and what came of it; the first of each kind are kept as evidence."""

    judged: dict[Protocol, int] = field(default_factory=lambda: dict.fromkeys(Protocol, 0))
    refused: int = 0
    wrong: dict[Lie, int] = field(default_factory=dict)
    unprovable: dict[Unprovable, int] = field(default_factory=dict)
    evidence: list[Finding] = field(default_factory=list)

    @property
    def wrong_count(self) -> int:
        """How many prices were wrong and called usable."""
        return sum(self.wrong.values())
