"""The nouns of discovery: markets nobody has mapped, and changes of the map that would be made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from trinity_beast.feeds.editing import MapRow, WantedMapRow
from trinity_beast.words import Asset, Symbol, Venue


@dataclass(frozen=True, slots=True)
class Candidate:
    """An asset that a venue trades and the map does not have there, by its most traded market.

    `volume` is what was traded in 24 h, in `volume_currency`; `volume_dollars` the same in dollars, by which assets are
    ranked. None where the venue did not tell. `elsewhere` are the venues the map has it at.
    """

    asset: Asset
    symbol: Symbol
    quote: str
    volume: Decimal | None
    volume_currency: str
    volume_dollars: Decimal | None
    price: str | None
    markets: int
    elsewhere: tuple[Venue, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a discovery came to. `untold` is how many candidates' volumes the venue was not asked for in time or did not tell."""

    venue: Venue
    listed: int
    covered: int
    candidates: tuple[Candidate, ...]
    untold: int


class ChangeKind(StrEnum):
    """What a change of the map does."""

    ADD = "add"
    RENAME = "rename"
    REQUOTE = "requote"
    SWITCH_ON = "switch_on"
    SWITCH_OFF = "switch_off"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One row of the map as it is and as it would be. `before` is None for a row that is not there yet."""

    kind: ChangeKind
    before: MapRow | None
    after: WantedMapRow
    why: str


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A row that is not brought in line, and why."""

    asset: str
    venue: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """All that would be changed at once. `digest` names exactly these changes of exactly these versions."""

    changes: tuple[PlannedChange, ...]
    left: tuple[LeftAlone, ...] = ()
    digest: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
