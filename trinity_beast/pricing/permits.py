"""What may be made of a symbol's next trade without us."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from trinity_beast.pricing.intake import Answer, News, Slots
from trinity_beast.pricing.parameters import Bounds
from trinity_beast.pricing.tick import Tick
from trinity_beast.words import Symbol, Venue


class Permits:
    """Tells whoever takes ordinary trades which those are, where there is somebody who does."""

    def __init__(self, slots: Slots | None) -> None:
        self._slots = slots

    def go_by(self, bounds: Bounds) -> None:
        """Go by other bounds, each symbol once its next trade has come here."""
        if self._slots is not None:
            self._slots.close_all()
            self._slots.set_bounds(
                stale_after_ns=bounds.stale_after_ns,
                gaps=bounds.gaps,
                window_min_ns=bounds.window_min_ns,
                window_max_ns=bounds.window_max_ns,
                proof_wait_ns=bounds.proof_wait_ns,
            )

    def permit(self, tick: Tick, answers: Iterable[Answer], believed: Decimal | None, jump_share: float | None) -> None:
        """Let a symbol's next trades be taken as long as they are as ordinary as its last one; none, where that was not.

        `jump_share` None says that nothing can tell a jump of it; else a price is compared with what was `believed` last.
        """
        if self._slots is None:
            return
        if tick.trade is None or not tick.is_plain or (jump_share is not None and believed is None):
            self._slots.close(tick.venue, tick.symbol)
            return
        try:
            self._slots.permit(
                tick.venue,
                tick.symbol,
                list(answers),
                held_time_ns=tick.trade.exchange_time_ns,
                told_time_ns=tick.trade.received_time_ns,
                told_monotonic_ns=tick.trade.received_monotonic_ns,
                heard_ns=tick.heard_ns,
                usable_until_ns=max(0, tick.usable_until_ns),
                can_prove=tick.can_prove,
                believed=float(believed or 0),
                jump_share=jump_share,
                gaps_heard=tick.rhythm.count,
                long_gap_ns=tick.rhythm.long_gap_ns,
            )
        except ValueError:  # What the book refuses was counted when it was published.
            self._slots.close(tick.venue, tick.symbol)

    def close(self, venue: Venue, symbol: Symbol) -> None:
        """Let no trade of a symbol be taken."""
        if self._slots is not None:
            self._slots.close(venue, symbol)

    def close_all(self) -> None:
        """Let no trade be taken."""
        if self._slots is not None:
            self._slots.close_all()

    def news(self, most: int | None) -> Sequence[News]:
        """Return the newest trade of symbols of which some were taken: of every one, or of `most`."""
        return self._slots.news(most) if self._slots is not None else ()

    def news_of(self, markets: Iterable[tuple[Venue, Symbol]]) -> list[News]:
        """Return the same of these markets."""
        if self._slots is None:
            return []
        return [news for market in markets if (news := self._slots.news_of(*market)) is not None]
