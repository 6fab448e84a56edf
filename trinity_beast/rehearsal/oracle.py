"""The judge: knows what was truly traded, and says of every price called usable whether it may be. Pure.

It shares no code with the product and looks at nothing but answers, so that it cannot agree with a mistake.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from trinity_beast.rehearsal.deeds import Deeds
from trinity_beast.rehearsal.history import History
from trinity_beast.rehearsal.model import MS_NS, SECOND_NS, Finding, Judgement, Lie, Market, Told, Unprovable
from trinity_beast.rehearsal.promises import Promises
from trinity_beast.rehearsal.tape import Print, TrueTape
from trinity_beast.words import Asset

USABLE = frozenset({"live", "quiet", "rest", "halted"})
Wrong = tuple[Lie, str]


@dataclass(frozen=True, slots=True)
class _Match:
    """The trade that was told: as it happened, by how much the venue's clock was ahead then, and whether its price was in cents."""

    trade: Print
    ahead_ns: int = 0
    in_cents: bool = False


class Oracle:
    """Judges told prices by the true tapes. `compared` are assets priced by so many venues that a wrong price shows."""

    def __init__(
        self, tapes: Mapping[Market, TrueTape], deeds: Deeds, promises: Promises, *, compared: Iterable[Asset] = (), prefix: str = "lab:"
    ) -> None:
        self._tapes, self._deeds, self._promises = tapes, deeds, promises
        self._compared, self._prefix = frozenset(compared), prefix
        self._markets = {(market.asset, market.venue, market.quote): market for market in tapes}
        self._history = History(clock_ns=promises.clock_ns)

    def judge(self, told: Told) -> Judgement:
        """Return what is wrong with a price."""
        wrong = [*self._as_asked(told), *self._history.wrong_with(told)]
        market = self._markets.get((told.asset, told.venue, told.quote))
        unprovable: Unprovable | None = None
        if told.state not in USABLE:
            wrong.append((Lie.NOT_USABLE, f"a price that is {told.state} is refused"))
        if market is None or told.source not in self._sources(told):
            wrong.append((Lie.WRONG_SOURCE, f"{told.venue} in {told.quote}, {told.source}, {told.state} do not go together"))
        if market is not None:
            more, unprovable = self._by_the_truth(told, market)
            wrong += more
        return Judgement(tuple(Finding(lie, told, why) for lie, why in wrong), None if wrong else unprovable)

    def _sources(self, told: Told) -> tuple[str, ...]:
        socket, rest = f"{self._prefix}{told.venue}-ws", f"{self._prefix}{told.venue}-rest"
        return {"live": (socket,), "rest": (rest,)}.get(told.state, (socket, rest))

    def _as_asked(self, told: Told) -> Iterator[Wrong]:
        asked = told.asked
        if asked.venue is not None and told.venue != asked.venue:
            yield Lie.NOT_AS_ASKED, f"only {asked.venue} was asked for"
        if asked.max_age_ms is not None and told.age_ms > asked.max_age_ms:
            yield Lie.NOT_AS_ASKED, f"{asked.max_age_ms} ms was the oldest asked for"
        if told.age_ms < 0:
            yield Lie.TOO_YOUNG, "no age is below nothing"

    def _by_the_truth(self, told: Told, market: Market) -> tuple[list[Wrong], Unprovable | None]:
        tape = self._tapes[market]
        match = self._match(told, market, tape)
        if match is None:
            return [self._unmatched(told, tape)], None
        if match.in_cents and told.asset in self._compared:
            return [(Lie.WRONG_PRICE, f"it was traded at {match.trade.price}, as other venues show")], None
        wrong = [*self._age(told, match), *self._state(told, market, tape, match), *self._gone(told, market)]
        if wrong:
            return wrong, None
        if match.in_cents:
            return [], Unprovable.CENTS
        if self._is_repeated(told, market, tape, match):
            return [], Unprovable.REST_REPEATS
        true_age_ns = told.asked.at_ns - match.trade.time_ns
        hidden = match.ahead_ns > 0 and told.age_ms * MS_NS < true_age_ns - self._promises.clock_ns
        return [], Unprovable.CLOCK if hidden else None

    def _match(self, told: Told, market: Market, tape: TrueTape) -> _Match | None:
        """Return the true trade that was told. REST tells milliseconds at most, and so does UDP."""
        try:
            price = Decimal(told.price)
        except InvalidOperation:
            return None
        unit_ns = MS_NS if told.source.endswith("-rest") else told.unit_ns
        for ahead_ns in self._aheads(market, told.exchange_time_ns):
            from_ns = told.exchange_time_ns - ahead_ns
            found = tape.within(from_ns, from_ns + unit_ns)
            for trade in reversed(found):
                if trade.price == price:
                    return _Match(trade, ahead_ns)
            for trade in found:
                if 100 * trade.price == price and self._deeds.on(
                    market.venue, "wrong-units", market.symbol, from_ns=trade.time_ns, until_ns=trade.known_ns + SECOND_NS
                ):
                    return _Match(trade, ahead_ns, in_cents=True)
        return None

    def _aheads(self, market: Market, time_ns: int) -> Iterator[int]:
        """Yield by how much the venue's clock may have been ahead when it stamped this time."""
        yield 0
        for deed in self._deeds.of(market.venue, "clock-step", market.symbol):
            ahead_ns = round(float(str(deed.options.get("by_seconds", 0))) * SECOND_NS)
            if deed.was_on(time_ns - ahead_ns - SECOND_NS, time_ns - ahead_ns + SECOND_NS):
                yield ahead_ns

    def _unmatched(self, told: Told, tape: TrueTape) -> Wrong:
        if tape.first is None or told.exchange_time_ns < tape.first.time_ns:
            return Lie.OUTLIVED, "it is older than anything that is remembered"
        if tape.within(told.exchange_time_ns, told.exchange_time_ns + told.unit_ns):
            return Lie.WRONG_PRICE, "another price was traded at this time"
        try:
            if tape.has_priced(Decimal(told.price)):
                return Lie.WRONG_TIME, "this price was traded at another time"
        except InvalidOperation:
            return Lie.NEVER_TRADED, "it is no price"
        return Lie.NEVER_TRADED, "nothing was traded at this time or at this price"

    def _age(self, told: Told, match: _Match) -> Iterator[Wrong]:
        promises, age_ns = self._promises, told.age_ms * MS_NS
        least_ns = told.asked.at_ns - (told.exchange_time_ns + told.unit_ns) - promises.clock_ns
        # A venue whose clock is ahead has its trades reckoned from their arrival.
        most_ns = told.heard_ns - min(told.exchange_time_ns, match.trade.time_ns) + MS_NS + promises.clock_ns
        if age_ns < least_ns:
            yield Lie.TOO_YOUNG, f"it was at least {(least_ns + promises.clock_ns) // MS_NS} ms old"
        if age_ns > most_ns:
            yield Lie.TOO_OLD, f"it was at most {(most_ns - promises.clock_ns) // MS_NS} ms old"
        if told.exchange_time_ns - told.heard_ns > promises.future_ns + promises.clock_ns:
            yield Lie.FUTURE, f"its time is {(told.exchange_time_ns - told.heard_ns) // MS_NS} ms ahead"

    def _state(self, told: Told, market: Market, tape: TrueTape, match: _Match) -> Iterator[Wrong]:
        promises, newer = self._promises, self._newer(told, tape, match)
        unknown_ns = 0 if newer is None else told.asked.at_ns - newer.known_ns - promises.transit_ns
        age_ns = told.asked.at_ns - match.trade.time_ns - max(0, -match.ahead_ns)
        if told.state == "live" and unknown_ns > promises.live_ns:
            yield Lie.NOT_LIVE, f"a newer trade had been printed {unknown_ns // MS_NS} ms too long ago"
        if told.state in {"live", "rest"} and age_ns > promises.stale_after_ns + promises.transit_ns:
            yield Lie.OUTLIVED, f"{told.state} and {age_ns // MS_NS} ms old"
        if told.state == "quiet":
            if age_ns > promises.quiet_max_ns + promises.transit_ns:
                yield Lie.OUTLIVED, f"quiet and {age_ns // MS_NS} ms old"
            if unknown_ns > promises.quiet_ns and not self._is_repeated(told, market, tape, match):
                yield Lie.NOT_QUIET, f"a newer trade had been printed {unknown_ns // MS_NS} ms too long ago"

        if told.state == "halted":
            yield from self._halted(told, market, unknown_ns=unknown_ns, age_ns=age_ns)

    def _halted(self, told: Told, market: Market, *, unknown_ns: int, age_ns: int) -> Iterator[Wrong]:
        """Yield what is wrong with calling a market halted: that the venue does not, or no more, is seen as late as that it is gone."""
        promises, at_ns = self._promises, told.asked.at_ns
        from_ns = at_ns - promises.gone_ns - promises.transit_ns
        if self._deeds.on(market.venue, "halt", market.symbol, from_ns=from_ns, until_ns=at_ns) is None:
            yield Lie.NOT_HALTED, "its venue said nothing of the kind"
        if unknown_ns > promises.gone_ns:
            yield Lie.NOT_HALTED, f"it was traded again {unknown_ns // MS_NS} ms too long ago"
        if age_ns > promises.halted_max_ns + promises.transit_ns:
            yield Lie.OUTLIVED, f"halted and {age_ns // MS_NS} ms old"

    def _gone(self, told: Told, market: Market) -> Iterator[Wrong]:
        for verb in ("delist", "rename") if told.state == "halted" else ("delist", "rename", "halt"):
            deed = self._deeds.on(market.venue, verb, market.symbol, from_ns=told.asked.at_ns, until_ns=told.asked.at_ns)
            if deed is not None and told.asked.at_ns - deed.begun_ns > self._promises.gone_ns + self._promises.transit_ns:
                yield Lie.GONE, f"{verb} was {(told.asked.at_ns - deed.begun_ns) // MS_NS} ms ago"

    def _is_repeated(self, told: Told, market: Market, tape: TrueTape, match: _Match) -> bool:
        """Return whether the venue's REST swore that nothing newer was traded, when something was."""
        newer = self._newer(told, tape, match)
        if told.state != "quiet" or newer is None or told.asked.at_ns - newer.known_ns <= self._promises.transit_ns:
            return False
        from_ns = told.asked.at_ns - self._promises.quiet_ns - self._promises.transit_ns
        return self._deeds.on(market.venue, "rest-repeats", market.symbol, from_ns=from_ns, until_ns=told.asked.at_ns) is not None

    def _newer(self, told: Told, tape: TrueTape, match: _Match) -> Print | None:
        unit_ns = MS_NS if told.source.endswith("-rest") else told.unit_ns
        return tape.first_from(max(match.trade.time_ns + 1, match.trade.time_ns // unit_ns * unit_ns + unit_ns))
