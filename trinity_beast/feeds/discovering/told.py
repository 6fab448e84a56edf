"""What is answered over the admin API about discovery and sync, and how the nouns become it."""

from decimal import Decimal

from pydantic import BaseModel

from trinity_beast.feeds.discovering.model import Candidate, Found, PlannedChange
from trinity_beast.feeds.discovering.sync import Synced
from trinity_beast.feeds.editing import MapRow, WantedMapRow
from trinity_beast.feeds.told import MapRowTold, map_row_told


class CandidateTold(BaseModel):
    """An asset an exchange trades and the map does not have there. Volumes are of 24 h, and null where they are not told."""

    rank: int
    asset: str
    symbol: str
    quote: str
    volume: str | None
    volume_currency: str
    volume_dollars: str | None
    price: str | None
    markets: int
    elsewhere: list[str]


class FoundTold(BaseModel):
    """What an exchange trades and the map does not have there, most traded first.

    `listed` markets were read, `covered` assets are mapped; `untold` candidates come last, for their volume is not known
    (yet: where the exchange tells them one by one, asking again goes on).
    """

    venue: str
    listed: int
    covered: int
    untold: int
    candidates: list[CandidateTold]


class MapRowShown(BaseModel):
    """A row of the map as it is, or would be."""

    asset: str
    venue: str
    symbol: str
    quote: str
    enabled: bool
    prewarm: bool
    category: str


class ChangeTold(BaseModel):
    """One change of the map: `add`, `rename`, `requote`, `switch_on` or `switch_off`. `before` is null for a new row."""

    change: str
    why: str
    before: MapRowShown | None
    after: MapRowShown
    expected_version: int


class LeftTold(BaseModel):
    """A row that is left as it is, and why."""

    asset: str
    venue: str
    why: str


class SyncedTold(BaseModel):
    """What would be changed, or was. `plan` names exactly these changes; send it to have them made. `rows` are as stored now."""

    applied: bool
    plan: str
    changes: list[ChangeTold]
    left: list[LeftTold]
    rows: list[MapRowTold]


def found_told(found: Found) -> FoundTold:
    """Shape what a discovery came to."""
    told = [candidate_told(rank, one) for rank, one in enumerate(found.candidates, start=1)]
    return FoundTold(venue=found.venue, listed=found.listed, covered=found.covered, untold=found.untold, candidates=told)


def candidate_told(rank: int, one: Candidate) -> CandidateTold:
    """Shape a candidate."""
    return CandidateTold(
        rank=rank,
        asset=one.asset,
        symbol=one.symbol,
        quote=one.quote,
        volume=_number(one.volume),
        volume_currency=one.volume_currency,
        volume_dollars=None if one.volume_dollars is None else f"{one.volume_dollars:.2f}",
        price=one.price,
        markets=one.markets,
        elsewhere=[str(venue) for venue in one.elsewhere],
    )


def synced_told(synced: Synced) -> SyncedTold:
    """Shape what a sync came to."""
    return SyncedTold(
        applied=synced.is_applied,
        plan=synced.plan.digest,
        changes=[_change_told(change) for change in synced.plan.changes],
        left=[LeftTold(asset=one.asset, venue=one.venue, why=one.why) for one in synced.plan.left],
        rows=[map_row_told(row) for row in synced.rows],
    )


def _change_told(change: PlannedChange) -> ChangeTold:
    before = None if change.before is None else _shown(change.before)
    version = change.after.expected_version or 0
    return ChangeTold(change=change.kind.value, why=change.why, before=before, after=_shown(change.after), expected_version=version)


def _shown(row: MapRow | WantedMapRow) -> MapRowShown:
    return MapRowShown(**{name: getattr(row, name) for name in MapRowShown.model_fields})


def _number(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
