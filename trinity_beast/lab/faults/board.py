"""The faults of one venue that are in force, and their joint effect."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trinity_beast.lab.faults.fault import Fault, Stage, Wire, Wiring
from trinity_beast.lab.model import SECOND_NS, MarketTrade
from trinity_beast.words import Symbol


@dataclass(frozen=True, slots=True)
class _Entry:
    fault: Fault
    ends_ns: int | None


class FaultBoard:
    """Orders take effect in the order they came; the same order again replaces the earlier one."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._entries: list[_Entry] = []

    @property
    def active(self) -> list[Fault]:
        """The faults in force."""
        return [entry.fault for entry in self._entries]

    async def order(self, fault: Fault) -> None:
        """Let `fault` begin."""
        await self.clear(verb=fault.verb, symbol=fault.symbol, only_exactly=True)
        await fault.begin(self._stage)
        if not fault.instant:
            lasts = fault.for_seconds
            self._entries.append(_Entry(fault, None if lasts is None else self._stage.now_ns + round(lasts * SECOND_NS)))

    async def clear(self, *, verb: str | None = None, symbol: Symbol | None = None, only_exactly: bool = False) -> int:
        """End the faults with this verb and symbol (None: any, unless `only_exactly`); return how many."""
        chosen = [
            entry
            for entry in self._entries
            if verb in {None, entry.fault.verb} and (entry.fault.symbol == symbol or (symbol is None and not only_exactly))
        ]
        return await self._end(chosen)

    async def expire(self, now_ns: int) -> int:
        """End the faults whose time is over; return how many."""
        over = [entry for entry in self._entries if entry.fault.is_over or (entry.ends_ns is not None and entry.ends_ns <= now_ns)]
        return await self._end(over)

    def pulse(self, now_ns: int) -> None:
        """Let the faults do what they do by the clock."""
        for entry in self._entries:
            entry.fault.pulse(self._stage, now_ns)

    def told_name(self, symbol: Symbol) -> Symbol:
        """Return what the venue calls a symbol of the market now."""
        aliases = (entry.fault.alias() for entry in self._entries if entry.fault.symbol == symbol)
        return next((alias for alias in aliases if alias is not None), symbol)

    def book_of(self, name: Symbol) -> Symbol | None:
        """Return which symbol of the market the venue means by a name, or None when that name is gone."""
        for entry in self._entries:
            if entry.fault.alias() == name:
                return entry.fault.symbol
        return name if self.told_name(name) == name else None

    @property
    def clock_ahead_ns(self) -> int:
        """How far the venue's clock is wrong."""
        return sum(entry.fault.clock_ahead_ns() for entry in self._entries)

    async def _end(self, chosen: Sequence[_Entry]) -> int:
        self._entries = [entry for entry in self._entries if entry not in chosen]
        for entry in chosen:
            await entry.fault.end(self._stage)
        return len(chosen)

    @property
    def names_symbols(self) -> bool:
        """Whether a fault concerns one symbol only, so that its frames must be told apart from the others'."""
        return any(entry.fault.symbol is not None for entry in self._entries)

    def trades(self, symbol: Symbol, trades: Sequence[MarketTrade], *, is_history: bool) -> Sequence[MarketTrade]:
        """Return what the venue tells in place of `trades`."""
        for entry in self._entries:
            if entry.fault.touches(symbol):
                trades = entry.fault.trades(trades, is_history=is_history)
        return trades

    def frames(self, wiring: Wiring, symbol: Symbol | None, text: str) -> Sequence[Wire]:
        """Return what goes onto the wire in place of one frame; `symbol` is whose it is by its told name, None when it is nobody's."""
        wires: Sequence[Wire] = (text,)
        if not self._entries:
            return wires
        symbol = self._known(symbol)
        for entry in self._entries:
            if entry.fault.touches(symbol):
                wires = [told for wire in wires for told in entry.fault.frames(wiring, wire)]
        return wires

    def refuses_subscribe(self, symbols: Iterable[Symbol]) -> bool:
        """Tell whether a request for these symbols is to be answered with an error."""
        asked = [self.book_of(symbol) or symbol for symbol in symbols]
        return any(entry.fault.refuses_subscribe(asked) for entry in self._entries)

    def delists(self, symbol: Symbol) -> bool:
        """Tell whether the symbol is off the list."""
        symbol = self.book_of(symbol) or symbol
        return any(entry.fault.touches(symbol) and entry.fault.delists() for entry in self._entries)

    def halts(self, symbol: Symbol | None) -> bool:
        """Tell whether the symbol is not traded for now; without one, whether the whole venue is not."""
        symbol = self._known(symbol)
        return any(entry.fault.halts() and entry.fault.touches(symbol) for entry in self._entries)

    def _known(self, symbol: Symbol | None) -> Symbol | None:
        return None if symbol is None else self.book_of(symbol) or symbol

    @property
    def is_frozen(self) -> bool:
        """Whether open sockets stand still."""
        return any(entry.fault.freezes for entry in self._entries)

    @property
    def never_answers(self) -> bool:
        """Whether handshakes hang."""
        return any(entry.fault.never_answers for entry in self._entries)

    def rest_delay_seconds(self, symbol: Symbol | None) -> float:
        """Return how long a REST request for `symbol` (None: a list) waits."""
        symbol = self._known(symbol)
        return max((entry.fault.rest_delay_seconds() for entry in self._entries if entry.fault.touches(symbol)), default=0.0)

    def rest_status(self, symbol: Symbol | None) -> tuple[int, float | None] | None:
        """Return the status it fails with and its Retry-After, or None when it does not fail."""
        symbol = self._known(symbol)
        failures = (entry.fault.rest_status() for entry in self._entries if entry.fault.touches(symbol))
        return next((failure for failure in failures if failure is not None), None)

    def rest_trades(self, symbol: Symbol, trades: list[MarketTrade]) -> list[MarketTrade]:
        """Return what REST calls the last trades."""
        for entry in self._entries:
            if entry.fault.touches(symbol):
                trades = entry.fault.rest_trades(symbol, trades)
        return trades
