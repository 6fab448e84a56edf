"""What is answered over the admin API of the feeds, and how the nouns become it."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from trinity_beast.feeds.editing import FeedListing, MapRow, StoredFeed, Version
from trinity_beast.feeds.model import FeedStatus, SymbolStatus
from trinity_beast.feeds.moment import SECOND_NS
from trinity_beast.feeds.rest import Look, RestStatus
from trinity_beast.feeds.trying import SymbolTried, TryReport
from trinity_beast.web import timestamp_of


class SymbolTold(BaseModel):
    """How one symbol stands with its venue."""

    symbol: str
    standing: str
    last_trade_time: str | None
    told: str


class RestTold(BaseModel):
    """How a venue's REST side stands: its budget, who waits for a turn, and for how long it is still left alone."""

    can_look: bool
    requests_per_second: float
    waiting: int
    under_way: int
    paused_seconds: float
    counts: dict[str, int]


class StatusTold(BaseModel):
    """How one feed runs on this node. `rest` is null where the venue is not known to REST."""

    venue: str
    name: str
    state: str
    connections: int
    connected_seconds: float | None
    silent_seconds: float | None
    failures: int
    venue_status: str | None
    venue_status_is_good: bool
    last_error: str
    symbols: list[SymbolTold]
    counts: dict[str, int]
    rest: RestTold | None


class FeedTold(BaseModel):
    """A stored feed row and its version."""

    venue: str
    version: int
    row: dict[str, Any]


class FeedListed(FeedTold):
    """A feed row among all: what is mapped to it, how it runs here, and what is wrong with it."""

    assets: int
    assets_enabled: int
    assets_prewarmed: int
    state: str | None
    connections: int
    mistakes: list[str]


class TriedTold(BaseModel):
    """What came of a try."""

    venue: str
    passed: bool
    seconds: float
    frames_read: int
    state: str
    symbols: list[dict[str, Any]]
    looks: list[dict[str, Any]]
    flaws: list[dict[str, Any]]
    notes: list[str]
    counts: dict[str, int]


class SavedTold(FeedTold):
    """A row as it is stored now; `tried` is null where nothing had to be tried."""

    tried: TriedTold | None


class VersionTold(BaseModel):
    """One form a feed row has had."""

    version: int
    changed_at: str
    changed_by: str
    reason: str
    forced: bool
    changed_columns: list[str]
    evidence: dict[str, Any] | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


class MapRowTold(BaseModel):
    """A stored row of the asset map."""

    id: int
    asset: str
    venue: str
    symbol: str
    quote: str
    enabled: bool
    prewarm: bool
    category: str
    version: int


def status_told(status: FeedStatus, rest: RestStatus | None) -> StatusTold:
    """Shape how a feed runs, and how its venue's REST side stands."""
    return StatusTold(
        venue=status.venue,
        name=status.display_name,
        state=status.state.value,
        connections=status.connections,
        connected_seconds=_rounded(status.connected_seconds),
        silent_seconds=_rounded(status.silent_seconds),
        failures=status.failures,
        venue_status=status.venue_status,
        venue_status_is_good=status.venue_status_is_good,
        last_error=status.last_error,
        symbols=[_symbol_told(symbol) for symbol in status.symbols],
        counts=dict(status.counts),
        rest=None if rest is None else _rest_told(rest),
    )


def feed_told(stored: StoredFeed) -> FeedTold:
    """Shape a stored row."""
    return FeedTold(venue=stored.venue, version=stored.version, row=dict(stored.values))


def feed_listed(listing: FeedListing) -> FeedListed:
    """Shape a row among all."""
    return FeedListed(
        **feed_told(listing.stored).model_dump(),
        assets=listing.assets,
        assets_enabled=listing.assets_enabled,
        assets_prewarmed=listing.assets_prewarmed,
        state=listing.status.state.value if listing.status else None,
        connections=listing.status.connections if listing.status else 0,
        mistakes=[str(fault) for fault in listing.invalid.faults] if listing.invalid else [],
    )


def tried_told(report: TryReport) -> TriedTold:
    """Shape what came of a try."""
    return TriedTold(
        venue=report.venue,
        passed=report.passed,
        seconds=round(report.seconds, 3),
        frames_read=report.frames_read,
        state=report.state,
        symbols=[_symbol_tried(tried) for tried in report.symbols],
        looks=[_look_told(look) for look in report.looks],
        flaws=[
            {"flaw": flaw.kind.value, "column": flaw.column, "told": flaw.told, "fix": flaw.mistake().fix, "evidence": dict(flaw.evidence)}
            for flaw in report.flaws
        ],
        notes=list(report.notes),
        counts={name: count for name, count in report.counts.items() if count},
    )


def version_told(version: Version) -> VersionTold:
    """Shape a version."""
    return VersionTold(
        version=version.number,
        changed_at=timestamp_of(version.changed_at),
        changed_by=version.changed_by,
        reason=version.reason,
        forced=version.is_forced,
        changed_columns=list(version.changed_columns),
        evidence=dict(version.evidence) if version.evidence is not None else None,
        before=dict(version.before) if version.before is not None else None,
        after=dict(version.after) if version.after is not None else None,
    )


def map_row_told(row: MapRow) -> MapRowTold:
    """Shape a row of the map."""
    kept = {name: getattr(row, name) for name in MapRowTold.model_fields if name != "id"}
    return MapRowTold(id=row.row_id, **kept)


def _rest_told(rest: RestStatus) -> RestTold:
    return RestTold(
        can_look=rest.can_look,
        requests_per_second=rest.requests_per_second,
        waiting=rest.waiting,
        under_way=rest.under_way,
        paused_seconds=round(rest.paused_seconds, 3),
        counts=dict(rest.counts),
    )


def _symbol_told(symbol: SymbolStatus) -> SymbolTold:
    return SymbolTold(symbol=symbol.symbol, standing=symbol.standing, last_trade_time=_time(symbol.last_trade_ns), told=symbol.told)


def _symbol_tried(tried: SymbolTried) -> dict[str, Any]:
    known = tried.known
    return {
        "symbol": tried.symbol,
        "standing": tried.standing,
        "told": tried.told,
        "trades": tried.trades,
        "price": tried.price,
        "exchange_time": _time(tried.exchange_time_ns),
        "age_seconds": _rounded(tried.age_seconds),
        "is_history": tried.is_history,
        "known": {"venue": known.venue, "price": known.price, "exchange_time": _time(known.exchange_time_ns)} if known else None,
        "differs_percent": None if tried.differs_percent is None else round(tried.differs_percent, 4),
    }


def _look_told(look: Look) -> dict[str, Any]:
    trade = look.trade
    return {
        "symbol": look.symbol,
        "price": trade.price if trade is not None else None,
        "exchange_time": _time(trade.exchange_time_ns) if trade is not None else None,
        "halted": look.is_halted,
        "problem": look.problem,
    }


def _time(time_ns: int | None) -> str | None:
    if time_ns is None:
        return None
    seconds, rest = divmod(time_ns, SECOND_NS)
    return timestamp_of(datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest // 1_000))


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
