"""The nouns of a try: what was seen, what is wrong with it, and what shows it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from trinity_beast.errors import Mistake
from trinity_beast.feeds.rest.model import Look
from trinity_beast.words import Symbol, Venue


class FlawKind(StrEnum):
    """What kind of thing is wrong with a tried row."""

    FRAMES_READ_OTHERWISE = "frames_read_otherwise"
    PRICE_UNREADABLE = "price_unreadable"
    TIME_UNREADABLE = "time_unreadable"
    SYMBOL_UNREADABLE = "symbol_unreadable"
    NOTHING_READ = "nothing_read"
    NO_SYMBOLS = "no_symbols"
    NOT_PLAYED = "not_played"
    NOT_REACHED = "not_reached"
    SYMBOL_REFUSED = "symbol_refused"
    SYMBOL_OTHER = "symbol_other"
    NOTHING_HEARD = "nothing_heard"
    TIME_AHEAD = "time_ahead"
    TIME_BEHIND = "time_behind"
    PRICE_ELSEWHERE = "price_elsewhere"
    REST_AWAY = "rest_away"
    REST_UNREADABLE = "rest_unreadable"
    NOT_LISTED = "not_listed"
    QUOTE_OTHER = "quote_other"


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong: the column most likely to blame, a sentence, and the evidence for it."""

    kind: FlawKind
    column: str
    told: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    fix: str = ""

    def mistake(self) -> Mistake:
        """Return this as a refusal tells it."""
        fix = self.fix or f"Look at {self.column}; the evidence is beside this."
        return Mistake(f"row.{self.column}", f"{self.told}.", fix, {"flaw": self.kind.value, "column": self.column, **self.evidence})


class Known(NamedTuple):
    """What another feed last heard of the same thing: the venue's own running feed, or another venue's."""

    venue: Venue
    symbol: Symbol
    price: str
    exchange_time_ns: int


@dataclass(frozen=True, slots=True)
class SymbolTried:
    """How one symbol fared in a try. `is_history` says that only old trades came."""

    symbol: Symbol
    standing: str
    told: str
    trades: int
    price: str | None
    exchange_time_ns: int | None
    age_seconds: float | None
    is_history: bool
    known: Known | None
    differs_percent: float | None


@dataclass(frozen=True, slots=True)
class TryReport:
    """What came of a try. It has passed when nothing is wrong. `looks` are those by REST, where its rules were tried."""

    venue: Venue
    endpoint: str
    seconds: float
    frames_read: int
    state: str
    symbols: tuple[SymbolTried, ...]
    counts: Mapping[str, int]
    flaws: tuple[Flaw, ...]
    notes: tuple[str, ...] = ()
    looks: tuple[Look, ...] = ()

    @property
    def passed(self) -> bool:
        """Return whether the row may be put to use."""
        return not self.flaws

    def evidence(self) -> dict[str, Any]:
        """Return what is kept of it with the version."""
        return {
            "passed": self.passed,
            "seconds": round(self.seconds, 3),
            "frames_read": self.frames_read,
            "rest": {str(look.symbol): look.trade.price if look.trade is not None else look.problem for look in self.looks},
            "prices": {str(tried.symbol): tried.price for tried in self.symbols if tried.price is not None},
            "flaws": [{"kind": flaw.kind.value, "column": flaw.column, "told": flaw.told} for flaw in self.flaws],
            "notes": list(self.notes),
        }
