"""The nouns of the feeds: a row of the asset map, and what a feed says of itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from trinity_beast.words import Asset, Symbol, Venue


@dataclass(frozen=True, slots=True)
class MappedAsset:
    """One row of `exchange_asset_map`: which of a venue's symbols prices an asset, and in what.

    `prewarm` means that the feed holds it from the start; the others are known and fetched when asked for.
    """

    asset: Asset
    venue: Venue
    symbol: Symbol
    quote: str
    enabled: bool = True
    prewarm: bool = True
    category: str = ""


class FeedState(StrEnum):
    """What a feed is doing."""

    OFF = "off"
    CONNECTING = "connecting"
    OPEN = "open"
    LIVE = "live"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class SymbolStatus:
    """How one symbol stands: with the venue (`standing`), and when it last traded by the venue's clock."""

    symbol: Symbol
    standing: str
    last_trade_ns: int | None
    told: str


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """One feed at one moment, for health, `/exchanges` and the command line.

    `live` is a connection that has shown life (a live trade or a heartbeat) since it was opened; `open` stands but has
    not. `venue_status` is the venue's own word where it gives one.
    """

    venue: Venue
    display_name: str
    state: FeedState
    connections: int
    connected_seconds: float | None
    silent_seconds: float | None
    failures: int
    venue_status: str | None
    venue_status_is_good: bool
    last_error: str
    symbols: tuple[SymbolStatus, ...]
    counts: Mapping[str, int]
