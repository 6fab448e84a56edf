"""One connection's conversation with a venue, from its opening to its end. Pure: events and time in, actions out."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from trinity_beast.feeds.counts import Counts
from trinity_beast.feeds.grammar.row import FeedRow
from trinity_beast.feeds.intake import Inlet
from trinity_beast.feeds.moment import SECOND_NS, Moment, nanoseconds
from trinity_beast.feeds.parameters import Knobs
from trinity_beast.feeds.reading import Controls, Frame, FrameReader, HaltWord, Voucher
from trinity_beast.feeds.session.actions import Action, Close, Send
from trinity_beast.feeds.session.numbers import Numbers
from trinity_beast.feeds.session.pace import Pace
from trinity_beast.feeds.session.subscriptions import Subscriptions
from trinity_beast.feeds.session.texts import message_text, reply_text
from trinity_beast.feeds.session.witness import Witness
from trinity_beast.words import Symbol, Trade

OLD_BEFORE_ASKED_NS = SECOND_NS
"""A trade this much older than the sending of its subscription is history: the second is for clocks that differ."""

RENEWAL_REQUESTS = 2
"""A symbol that is asked for anew is left, then asked for."""

SILENT = "silent"


@dataclass(slots=True)
class Heard:
    """What one frame comes to.

    `proves_life` is said by a live trade or a heartbeat, and by nothing else; `stirred` says that what is due may have
    changed; `turned` are the symbols (None: all) of which the venue has said something new beside trades.
    """

    trades: list[Trade] = field(default_factory=list)
    history: list[Trade] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    proves_life: bool = False
    must_reconnect: bool = False
    stirred: bool = False
    turned: set[Symbol | None] = field(default_factory=set)


class Session:
    """Subscribes, listens, answers and keeps alive, as the venue's row says.

    Times handed in are of one clock; after each call `due_ns` says when `tick` wants to be called next.
    """

    def __init__(
        self,
        row: FeedRow,
        reader: FrameReader,
        symbols: Iterable[Symbol],
        *,
        suspects: Iterable[Symbol] = (),
        knobs: Knobs,
        counts: Counts,
        inlet: Inlet | None = None,
    ) -> None:
        """Take `inlet`, where ordinary frames are taken in before they would come here."""
        rules = row.control_rules
        self.row, self._reader, self._knobs, self._counts = row, reader, knobs, counts
        self._inlet = inlet
        self.subscriptions = Subscriptions(row, symbols, suspects, knobs, counts, release=inlet.release if inlet is not None else None)
        self._pace = Pace(rules.messages_per_second or knobs.messages_per_second.value, rules.requests_per_hour)
        self._first = deque(rules.send_first)
        self._messages = 0
        self._opened: Moment | None = None
        self._heard_ns = self._ping_ns = self._speak_ns = 0
        self._numbers = Numbers(counts)
        self.witness = Witness(self._numbers, counts)
        # A venue that says nothing of its own accord and is not asked anything shows life by WebSocket pings alone.
        self.control_frames_count = rules.alive is None and row.ping_payload is None
        self.status: str | None = None
        self.status_is_good = True
        self.proved_life = False

    def opened(self, now: Moment) -> list[Action]:
        """Begin: the connection stands."""
        self._opened = now
        self._heard_ns = now.monotonic_ns
        self._speak_ns = now.monotonic_ns + nanoseconds(self.row.control_rules.connect_delay_seconds or 0)
        self._ping_ns = self._speak_ns + nanoseconds(self.row.ping_interval_seconds or 0)
        return self.tick(now)

    def want(self, symbols: Iterable[Symbol], now: Moment) -> list[Action]:
        """Hold exactly these symbols from now on."""
        self.subscriptions.want(symbols)
        return self.tick(now)

    def renew(self, symbol: Symbol, now: Moment) -> list[Action] | None:
        """Ask for one symbol anew; None where it is not held, so that nothing can be asked anew.

        Nor where too few requests of the hour are left: a symbol that is left must be asked for again at once.
        """
        if not self._pace.leaves_room(RENEWAL_REQUESTS + self.subscriptions.unsent, now.monotonic_ns):
            return None
        if not self.subscriptions.renew(symbol):
            return None
        self._numbers.forget(symbol)
        self.witness.forget(symbol)
        return self.tick(now)

    def tick(self, now: Moment) -> list[Action]:
        """Do what is due: speak, ping, ask again, or give the connection up as dead."""
        if self._opened is None:
            return []
        if now.monotonic_ns >= self._silent_ns():
            self._counts.silences += 1
            return [Close(SILENT)]
        if now.monotonic_ns < self._speak_ns:
            return []
        self.subscriptions.overdue(now)
        return self._ping(now) + self._requests(now)

    def received(self, payload: bytes, now: Moment, *, binary: bool = False) -> Heard:
        """Take in a message."""
        self._heard_ns = now.monotonic_ns
        self._counts.frames += 1
        frame = self._reader.read(payload, now.wall_ns, now.monotonic_ns, binary=binary)
        heard = Heard(history=frame.history)
        self._count_frame(frame.sequence)
        if frame.trades:
            self._sort_out(frame.trades, heard, now)
        if frame.controls is not None:
            self._heed(frame.controls, heard, now)
        if frame.refused or not (frame.trades or frame.controls):
            self._count_odd(frame)
        if frame.history:
            self._keep_known_history(heard, now)
        self._numbers.trades(frame.numbered, [*heard.history, *heard.trades] if frame.numbered else ())
        self.proved_life = self.proved_life or heard.proves_life
        return heard

    def catch_up(self) -> bool:
        """Take in what was read in our place since this was done last; whether it shows life."""
        tally = self._inlet.tally() if self._inlet is not None else None
        if tally is None:
            return False
        frames, trades, late, repeated, heard_ns = tally
        self._heard_ns = max(self._heard_ns, heard_ns)
        self._counts.frames += frames
        self._counts.trades += trades
        self._counts.trades_late += late
        self._counts.trades_repeated += repeated
        self.proved_life = True
        return True

    def end(self) -> None:
        """Hear nothing any more; what was read in our place until now still counts."""
        self.catch_up()
        if self._inlet is not None:
            self._inlet.close()

    def control_frame(self, now: Moment) -> None:
        """Note a WebSocket ping or pong."""
        if self.control_frames_count:
            self._heard_ns = now.monotonic_ns

    def leave(self, now: Moment) -> list[Action]:
        """End in order: give up what is held, as far as one second's share of messages goes, and close."""
        actions: list[Action] = []
        if self._opened is not None and now.monotonic_ns >= self._speak_ns:
            share = max(1, int(self.row.control_rules.messages_per_second or self._knobs.messages_per_second.value))
            while len(actions) < share and (text := self.subscriptions.farewell(self._next_number(), now)) is not None:
                actions.append(Send(text))
        return [*actions, Close("leaving")]

    def due_ns(self) -> int:
        """Return the monotonic time at which `tick` has something to do."""
        moments = [self._silent_ns()]
        if self.subscriptions.has_unsent or self._first:
            moments.append(max(self._speak_ns, self._pace.request_at_ns()))
        if self.row.ping_payload is not None:
            moments.append(self._ping_ns)
        if (due_ns := self.subscriptions.due_ns()) is not None:
            moments.append(max(due_ns, self._speak_ns))
        return min(moments)

    @property
    def heard_ns(self) -> int:
        """Return the monotonic time of the last sign of the connection."""
        return self._heard_ns

    @property
    def settled(self) -> bool:
        """Return whether it is ready to take another connection's place: all asked, answered, and seen alive."""
        return self._opened is not None and self.proved_life and not self._first and self.subscriptions.settled

    def _silent_ns(self) -> int:
        return self._heard_ns + nanoseconds(self.row.control_rules.silence_seconds or self._knobs.silence_seconds.value)

    def _next_number(self) -> int:
        self._messages += 1
        return self._messages

    def _ping(self, now: Moment) -> list[Action]:
        payload, interval = self.row.ping_payload, self.row.ping_interval_seconds
        if payload is None or interval is None or now.monotonic_ns < self._ping_ns:
            return []
        self._ping_ns = now.monotonic_ns + nanoseconds(interval)
        self._pace.message_sent(now.monotonic_ns)
        self._counts.pings_sent += 1
        return [Send(message_text(payload, message_id=self._next_number(), wall_ns=now.wall_ns))]

    def _requests(self, now: Moment) -> list[Action]:
        actions: list[Action] = []
        while now.monotonic_ns >= self._pace.request_at_ns():
            if self._first:
                text: str | None = message_text(self._first.popleft(), message_id=self._next_number(), wall_ns=now.wall_ns)
            elif self.subscriptions.has_unsent:
                text = self.subscriptions.next_request(self._next_number(), now)
            else:
                break
            if text is not None:
                self._pace.request_sent(now.monotonic_ns)
                self._counts.requests_sent += 1
                actions.append(Send(text))
        return actions

    def _sort_out(self, trades: list[Trade], heard: Heard, now: Moment) -> None:
        latest_ns = self._latest_ns(now)
        for trade in trades:
            subscription = self.subscriptions.by_symbol.get(trade.symbol)
            if subscription is None or subscription.asked_ns is None:
                self._counts.trades_unasked += 1
            elif trade.exchange_time_ns > latest_ns:
                self._counts.trades_future += 1
            elif trade.exchange_time_ns < subscription.asked_ns - OLD_BEFORE_ASKED_NS:
                heard.history.append(trade)
            else:
                self.subscriptions.traded(subscription)
                heard.trades.append(trade)
                if self._inlet is not None:
                    self._inlet.hold(trade.symbol, subscription.asked_ns - OLD_BEFORE_ASKED_NS)
        heard.proves_life = bool(heard.trades)
        if self._inlet is not None:
            self._inlet.set_ahead(nanoseconds(self._knobs.future_seconds_max.value))
        self.witness.traded(heard.trades)

    def _keep_known_history(self, heard: Heard, now: Moment) -> None:
        latest_ns = self._latest_ns(now)
        known = [trade for trade in heard.history if trade.symbol in self.subscriptions.by_symbol]
        self._counts.trades_unasked += len(heard.history) - len(known)
        heard.history = [trade for trade in known if trade.exchange_time_ns <= latest_ns]
        self._counts.trades_future += len(known) - len(heard.history)

    def _latest_ns(self, now: Moment) -> int:
        """Return the latest exchange time to be believed: by the clock that is ahead, for a step may have put either of them right."""
        return max(now.wall_ns, now.machine_ns) + nanoseconds(self._knobs.future_seconds_max.value)

    def _heed(self, controls: Controls, heard: Heard, now: Moment) -> None:
        if controls.alive:
            self._counts.heartbeats += 1
            heard.proves_life = True
        for reply in controls.replies:
            self._pace.message_sent(now.monotonic_ns)
            self._counts.replies_sent += 1
            text = reply_text(reply.template, reply.frame, message_id=self._messages, wall_ns=now.wall_ns)
            heard.actions.append(Send(text))
        if controls.status is not None:
            self.status, self.status_is_good = controls.status, controls.status_is_good
        if controls.ack is not None:
            self.subscriptions.acked(controls.ack)
        if controls.refusal is not None:
            self.subscriptions.refused(controls.refusal, now)
        if controls.halts:
            heard.turned = self.witness.halts(filter(self._concerns_us, controls.halts), now)
        if controls.voucher is not None and self._concerns_us(controls.voucher) and self.witness.vouched(controls.voucher, now):
            heard.turned.add(Symbol(controls.voucher.symbol))
        heard.must_reconnect, heard.stirred = controls.reconnect, True
        heard.actions += self.tick(now)

    def _concerns_us(self, word: HaltWord | Voucher) -> bool:
        return word.symbol is None or Symbol(word.symbol) in self.subscriptions.by_symbol

    def _count_odd(self, frame: Frame) -> None:
        self._counts.frames_unreadable += bool(frame.unreadable)
        self._counts.frames_unknown += frame.unknown and not frame.unreadable
        self._counts.rows_refused_price += frame.refused.count("price")
        self._counts.rows_refused_time += frame.refused.count("time")
        self._counts.rows_refused_symbol += frame.refused.count("symbol")

    def _count_frame(self, number: int | None) -> None:
        """Take a frame's number; those the inlet has taken meanwhile came before it."""
        if number is None:
            return
        if self._inlet is not None:
            self._numbers.last_frame = self._inlet.sequence
        self._numbers.frame(number)
        if self._inlet is not None:
            self._inlet.sequence = self._numbers.last_frame
