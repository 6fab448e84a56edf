"""A feed's own account of itself."""

from collections.abc import Sequence

from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.grammar import FeedRow
from trinity_beast.feeds.guard import TradeGuard
from trinity_beast.feeds.line import Line
from trinity_beast.feeds.model import FeedState, FeedStatus, SymbolStatus
from trinity_beast.feeds.moment import SECOND_NS, Moment
from trinity_beast.feeds.session import Session
from trinity_beast.words import Symbol


def status_of(
    row: FeedRow, symbols: Sequence[Symbol], lines: Sequence[Line], guard: TradeGuard, *, now: Moment, counts: Counts
) -> FeedStatus:
    """Return how a feed stands: with several lines, the worst of them speaks for all."""
    sessions = [line.session for line in lines]
    standing = [session for session in sessions if session is not None]
    opened = [line.opened_ns for line in lines if line.session is not None and line.opened_ns is not None]
    told = next((session for session in standing if session.status is not None and not session.status_is_good), None)
    told = told or next((session for session in standing if session.status is not None), None)
    return FeedStatus(
        venue=row.venue,
        display_name=row.display_name,
        state=_state(lines, sessions),
        connections=len(standing),
        connected_seconds=(now.monotonic_ns - max(opened)) / SECOND_NS if opened else None,
        silent_seconds=max(((now.monotonic_ns - session.heard_ns) / SECOND_NS for session in standing), default=None),
        failures=max((line.failures for line in lines), default=0),
        venue_status=told.status if told is not None else None,
        venue_status_is_good=told is None or told.status_is_good,
        last_error=next((line.last_error for line in lines if line.last_error), ""),
        symbols=tuple(_symbol(symbol, standing, guard) for symbol in symbols),
        counts=counts.read(),
    )


def off(row: FeedRow) -> FeedStatus:
    """Return the account of a feed that is switched off."""
    return FeedStatus(row.venue, row.display_name, FeedState.OFF, 0, None, None, 0, None, True, "", (), {})


def _state(lines: Sequence[Line], sessions: Sequence[Session | None]) -> FeedState:
    if not lines:
        return FeedState.WAITING
    if any(session is None for session in sessions):
        return FeedState.WAITING if any(line.failures for line in lines) else FeedState.CONNECTING
    return FeedState.LIVE if all(session is not None and session.proved_life for session in sessions) else FeedState.OPEN


def _symbol(symbol: Symbol, sessions: Sequence[Session], guard: TradeGuard) -> SymbolStatus:
    for session in sessions:
        if (subscription := session.subscriptions.by_symbol.get(symbol)) is not None:
            return SymbolStatus(symbol, subscription.standing, guard.last_time_ns(symbol), subscription.told)
    return SymbolStatus(symbol, "queued", guard.last_time_ns(symbol), "")
