"""The nouns of a change: who makes it and why, the rows as they are stored, and the forms they have had."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trinity_beast.feeds.grammar import RowInvalid
from trinity_beast.feeds.model import FeedStatus


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes something and why. `expected_version` is what they saw; None takes whatever is there, 0 expects nothing there.

    `is_forced` saves what failed its try; then a reason is needed.
    """

    by: str
    reason: str = ""
    expected_version: int | None = None
    is_forced: bool = False


@dataclass(frozen=True, slots=True)
class StoredFeed:
    """A feed row as the table holds it, read by nobody yet, and the number of its version."""

    venue: str
    values: Mapping[str, object]
    version: int


@dataclass(frozen=True, slots=True)
class FeedListing:
    """A feed row among all: what is stored, what is mapped to it, how it runs (None: not here), and why it cannot, if so."""

    stored: StoredFeed
    assets: int
    assets_enabled: int
    assets_prewarmed: int
    status: FeedStatus | None
    invalid: RowInvalid | None


@dataclass(frozen=True, slots=True)
class Version:
    """One form a feed row has had. `before` or `after` is None where there was, or is, no row."""

    venue: str
    number: int
    changed_at: datetime
    changed_by: str
    reason: str
    is_forced: bool
    evidence: Mapping[str, Any] | None
    before: Mapping[str, object] | None
    after: Mapping[str, object] | None

    @property
    def changed_columns(self) -> tuple[str, ...]:
        """Return the columns that differ from before."""
        before, after = self.before or {}, self.after or {}
        return tuple(name for name in {**before, **after} if before.get(name) != after.get(name))


@dataclass(frozen=True, slots=True)
class MapRow:
    """A row of the asset map as it is stored."""

    row_id: int
    asset: str
    venue: str
    symbol: str
    quote: str
    enabled: bool
    prewarm: bool
    category: str
    version: int


@dataclass(frozen=True, slots=True)
class WantedMapRow:
    """A row of the asset map as somebody wants it."""

    asset: str
    venue: str
    symbol: str
    quote: str = "USD"
    enabled: bool = True
    prewarm: bool = False
    category: str = ""
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class MapFilter:
    """Which rows of the map are wanted: those after `after` in the order of asset and venue, `limit` at most."""

    venue: str = ""
    asset: str = ""
    after: tuple[str, str] | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class MapPage:
    """Rows of the map, and where to go on; None at the end."""

    rows: tuple[MapRow, ...]
    next_after: tuple[str, str] | None
