"""Who asked for what, and what the venue said: the subscriptions of one connection."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.grammar.kinds import ErrorScope, Scope
from trinity_beast.feeds.grammar.row import FeedRow
from trinity_beast.feeds.moment import Moment, nanoseconds
from trinity_beast.feeds.parameters import Knobs
from trinity_beast.feeds.reading import Ack, Refusal
from trinity_beast.feeds.session.requests import Request, Requests
from trinity_beast.feeds.session.texts import request_text
from trinity_beast.words import Symbol


class Standing(StrEnum):
    """How a symbol stands with the venue on this connection."""

    QUEUED = "queued"
    ASKED = "asked"
    HELD = "held"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


@dataclass(slots=True)
class Subscription:
    """One symbol's. A trade counts from the moment it was asked for, not from the ack: data may come first."""

    symbol: Symbol
    standing: Standing = Standing.QUEUED
    asked_ns: int | None = None
    asks: int = 0
    told: str = ""
    listed: bool = False


class Subscriptions:
    """The state of one connection's requests. Pure: it is told what happened and says what to send."""

    def __init__(
        self,
        row: FeedRow,
        symbols: Iterable[Symbol],
        suspects: Iterable[Symbol],
        knobs: Knobs,
        counts: Counts,
        *,
        release: Callable[[str], None] | None = None,
    ) -> None:
        """Take `release`, which is told of every symbol whose trades are no plain matter any more."""
        self._release = release
        self._row, self._knobs, self._counts = row, knobs, counts
        self._answers = row.control_rules.ack is not None
        self.by_symbol: dict[Symbol, Subscription] = {}
        self._queue: deque[tuple[Symbol, ...]] = deque()
        self._leaving: deque[tuple[Symbol, ...]] = deque()
        self._left: deque[tuple[Symbol, ...]] = deque()
        """Symbols that were left to be asked for anew: they come before all else, for nobody tells of them meanwhile."""
        self._requests = Requests()
        self._renewing: set[Symbol] = set()
        self._aside: dict[Symbol, int] = {}
        self._unsettled: set[Symbol] = set()
        self.want(symbols, suspects)

    def want(self, symbols: Iterable[Symbol], suspects: Iterable[Symbol] = ()) -> None:
        """Hold exactly `symbols` from now on: ask for the new ones, leave the others.

        `suspects` were refused before; each is asked for by itself and last, so that it cannot take others with it.
        """
        wanted, doubtful = dict.fromkeys(symbols), set(suspects)
        gone = [symbol for symbol in self.by_symbol if symbol not in wanted]
        fresh = [symbol for symbol in wanted if symbol not in self.by_symbol]
        self._leaving.extend(self._batches([symbol for symbol in gone if self.by_symbol[symbol].standing is not Standing.QUEUED]))
        for symbol in gone:
            del self.by_symbol[symbol]
            self._aside.pop(symbol, None)
            self._unsettled.discard(symbol)
            self._renewing.discard(symbol)
            self._let_go(symbol)
        for symbol in fresh:
            self.by_symbol[symbol] = Subscription(symbol)
            self._unsettled.add(symbol)
        self._queue.extend(self._batches([symbol for symbol in fresh if symbol not in doubtful]))
        self._queue.extend((symbol,) for symbol in fresh if symbol in doubtful)

    def renew(self, symbol: Symbol) -> bool:
        """Leave one symbol and ask for it again, no other touched; whether it was held, so that this could be done."""
        subscription = self.by_symbol.get(symbol)
        if subscription is None or subscription.standing is not Standing.HELD or symbol in self._renewing:
            return False
        subscription.listed = False
        self._stand(subscription, Standing.QUEUED)
        self._renewing.add(symbol)
        self._leaving.append((symbol,))
        self._counts.symbols_renewed += 1
        return True

    @property
    def has_unsent(self) -> bool:
        """Return whether a request waits to be sent."""
        return bool(self._left or self._queue or self._leaving)

    @property
    def unsent(self) -> int:
        """Return how many requests wait to be sent at most: of one that leaves a symbol, another follows that asks for it."""
        return len(self._left) + len(self._queue) + 2 * len(self._leaving)

    @property
    def settled(self) -> bool:
        """Return whether everything was sent and, where the venue answers, answered."""
        return not self._unsettled

    def next_request(self, number: int, now: Moment) -> str | None:
        """Return the next request's text and count it as sent, or None when nothing is left to ask."""
        while self._left or self._queue or self._leaving:
            leaving = bool(self._leaving) and not self._left
            batch = (self._leaving if leaving else self._left or self._queue).popleft()
            symbols = tuple(symbol for symbol in batch if self._is_still_meant(symbol, leaving=leaving))
            if symbols:
                return self._sent(symbols, number, now, leaving=leaving)
        return None

    def farewell(self, number: int, now: Moment) -> str | None:
        """Return the next request that gives up what is held, or None when all is given up."""
        self._left.clear()
        self._queue.clear()
        if self.by_symbol:
            self.want(())
        return self.next_request(number, now)

    def traded(self, subscription: Subscription) -> None:
        """Note a live trade: proof enough that the symbol is held, whatever was said of it."""
        if subscription.standing is not Standing.HELD:
            self._hold(subscription)

    def acked(self, ack: Ack) -> None:
        """Take in what the venue says it holds."""
        self._counts.acks += 1
        if ack.scope is Scope.STATE:
            self._state(set(ack.symbols))
            return
        known = [self.by_symbol[symbol] for text in ack.symbols if (symbol := Symbol(text)) in self.by_symbol]
        if ack.scope is Scope.SYMBOL and ack.symbols:
            for subscription in known:
                self._hold(subscription)
            return
        request = self._requests.meant(ack.id, ack.symbols)
        if request is not None:
            self._requests.done(request)
            for subscription in self._asked(request):
                self._hold(subscription)

    def refused(self, refusal: Refusal, now: Moment) -> None:
        """Take in a refusal: set the symbol aside, or halve the request it came in and ask again."""
        self._counts.refusals += 1
        named = [subscription for text in refusal.symbols if (subscription := self.by_symbol.get(Symbol(text))) is not None]
        if refusal.scope is ErrorScope.SYMBOL and named:
            for subscription in named:
                if subscription.standing is Standing.ASKED:
                    self._set_aside(subscription, Standing.REFUSED, refusal.message or refusal.code, now)
            return
        request = self._requests.meant(refusal.id, refusal.symbols)
        if request is not None:
            self._requests.done(request)
            self._halve([subscription.symbol for subscription in self._asked(request)], refusal.message or refusal.code, now)

    def overdue(self, now: Moment) -> None:
        """Ask again for what was left unanswered, and for what was set aside long enough ago."""
        limit_ns = now.monotonic_ns - nanoseconds(self._knobs.ack_seconds.value)
        for request in self._requests.sent_before(limit_ns):
            self._requests.done(request)
            if self._answers:
                self._unanswered(self._asked(request), now)
        for symbol in [symbol for symbol, again_ns in self._aside.items() if again_ns <= now.monotonic_ns]:
            self.by_symbol[symbol].asks = 0
            self._stand(self.by_symbol[symbol], Standing.QUEUED)
            self._queue.append((symbol,))

    def due_ns(self) -> int | None:
        """Return the monotonic time of the next thing `overdue` will have to do."""
        oldest_ns = self._requests.oldest_ns()
        moments = [] if oldest_ns is None else [oldest_ns + nanoseconds(self._knobs.ack_seconds.value)]
        return min([*moments, *self._aside.values()], default=None)

    def suspects(self) -> list[Symbol]:
        """Return the symbols the venue would not have."""
        return list(self._aside)

    def _sent(self, symbols: tuple[Symbol, ...], number: int, now: Moment, *, leaving: bool) -> str:
        row = self._row
        self._requests.sent(number, symbols, now.monotonic_ns, leaving=leaving)
        for symbol in self._renewing.intersection(symbols) if leaving else ():
            self._left.append((symbol,))
        for symbol in () if leaving else symbols:
            subscription = self.by_symbol[symbol]
            self._renewing.discard(symbol)
            subscription.asked_ns = now.wall_ns
            subscription.asks += 1
            self._stand(subscription, Standing.ASKED)
        template = row.unsubscribe_template if leaving else row.subscribe_template
        return request_text(template, row.symbol_template, symbols, message_id=number, wall_ns=now.wall_ns)

    def _state(self, held: set[str]) -> None:
        for subscription in self.by_symbol.values():
            if subscription.symbol in held:
                self._hold(subscription)
                subscription.listed = True
            elif subscription.listed and subscription.standing is Standing.HELD:
                # Listed before and not any more: the venue dropped it without a word.
                subscription.listed = False
                self._stand(subscription, Standing.QUEUED)
                self._queue.append((subscription.symbol,))

    def _hold(self, subscription: Subscription) -> None:
        subscription.told, subscription.asks = "", 0
        self._stand(subscription, Standing.HELD)
        self._requests.answered(subscription.symbol)

    def _stand(self, subscription: Subscription, standing: Standing) -> None:
        subscription.standing = standing
        if standing is not Standing.HELD:
            self._let_go(subscription.symbol)
        self._aside.pop(subscription.symbol, None)
        if standing is Standing.QUEUED or (standing is Standing.ASKED and self._answers):
            self._unsettled.add(subscription.symbol)
        else:
            self._unsettled.discard(subscription.symbol)

    def _is_still_meant(self, symbol: Symbol, *, leaving: bool) -> bool:
        """Return whether a queued symbol is still to be left or asked for: it may have been dropped, taken back, or have traded.

        One that is renewed is left and asked for whatever comes in between: its trades may have been under way already.
        """
        subscription = self.by_symbol.get(symbol)
        if subscription is None or symbol in self._renewing:
            return leaving or subscription is not None
        return not leaving and subscription.standing is Standing.QUEUED

    def _asked(self, request: Request) -> list[Subscription]:
        """Return whoever of a request still waits; nobody does for leave to go."""
        found = [] if request.leaving else [self.by_symbol.get(symbol) for symbol in request.symbols]
        return [subscription for subscription in found if subscription is not None and subscription.standing is Standing.ASKED]

    def _halve(self, symbols: list[Symbol], told: str, now: Moment) -> None:
        if len(symbols) == 1:
            self._set_aside(self.by_symbol[symbols[0]], Standing.REFUSED, told, now)
        elif symbols:
            self._counts.requests_halved += 1
            self._requeue_first([tuple(symbols[: len(symbols) // 2]), tuple(symbols[len(symbols) // 2 :])])

    def _unanswered(self, subscriptions: list[Subscription], now: Moment) -> None:
        again = []
        for subscription in subscriptions:
            if subscription.asks >= self._knobs.asks_max.value:
                self._set_aside(subscription, Standing.UNANSWERED, "no answer", now)
            else:
                again.append(subscription.symbol)
        self._requeue_first(self._batches(again))

    def _requeue_first(self, batches: list[tuple[Symbol, ...]]) -> None:
        for batch in reversed(batches):
            for symbol in batch:
                self._stand(self.by_symbol[symbol], Standing.QUEUED)
            self._queue.appendleft(batch)

    def _set_aside(self, subscription: Subscription, standing: Standing, told: str, now: Moment) -> None:
        subscription.told = told
        self._stand(subscription, standing)
        self._aside[subscription.symbol] = now.monotonic_ns + nanoseconds(self._knobs.refused_retry_seconds.value)
        self._requests.answered(subscription.symbol)
        if standing is Standing.REFUSED:
            self._counts.symbols_refused += 1
        else:
            self._counts.symbols_unanswered += 1

    def _batches(self, symbols: Sequence[Symbol]) -> list[tuple[Symbol, ...]]:
        size = self._row.symbols_per_message
        return [tuple(symbols[start : start + size]) for start in range(0, len(symbols), size)]

    def _let_go(self, symbol: Symbol) -> None:
        if self._release is not None:
            self._release(symbol)
