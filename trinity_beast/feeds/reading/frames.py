"""The frame reader: a feed row made into a function from bytes to what they mean."""

from collections.abc import Callable
from dataclasses import dataclass, field

from trinity_beast.feeds.grammar.control import FRAME_BYTES
from trinity_beast.feeds.grammar.digits import DigitsRefused, price_digits
from trinity_beast.feeds.grammar.kinds import Per, RowsOrder, TextMeaning
from trinity_beast.feeds.grammar.row import FeedRow
from trinity_beast.feeds.grammar.times import TimeRefused, time_reader
from trinity_beast.feeds.reading.codec import UNREADABLE, FrameRefused, decoder, inflater
from trinity_beast.feeds.reading.conditions import Condition, condition
from trinity_beast.feeds.reading.controls import ControlReader, Controls
from trinity_beast.feeds.reading.getters import all_of, one_of, whole
from trinity_beast.words import Symbol, Trade


@dataclass(slots=True)
class Frame:
    """What one frame means. `trades` and `history` are sorted, oldest first; `refused` names each row that could not be used.

    `trades` are those the row's marks leave as live; whether one is older than its subscription only the session knows.
    `numbered` are those of both that have a number in their symbol's sequence, in the order of the rows.
    """

    trades: list[Trade] = field(default_factory=list)
    history: list[Trade] = field(default_factory=list)
    controls: Controls | None = None
    sequence: int | None = None
    numbered: list[tuple[Trade, int]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unreadable: str = ""

    @property
    def unknown(self) -> bool:
        """Return whether the frame means nothing to the row. That is normal, and counted."""
        return not (self.trades or self.history or self.refused or self.controls)


class FrameReader:
    """Reads a venue's frames by its row. Holds no state: the same bytes mean the same always."""

    def __init__(self, row: FeedRow) -> None:
        rules, history = row.control_rules, row.control_rules.history
        self.row = row
        self.bytes_max = rules.frame_bytes_max or FRAME_BYTES
        self._inflate = inflater(row.frame_codec, self.bytes_max)
        self._decode = decoder()
        self._texts = {text.encode(): meaning for text, meaning in rules.text_frames}
        self._is_trade: Condition = condition(row.trade_match)
        self._rows = all_of(row.trade_rows_path)
        self._is_history = condition(history.match) if history is not None and history.match is not None else None
        self._old_rows = all_of((history and history.rows) or row.trade_rows_path.unfiltered())
        self._keeps_some_live = row.trade_rows_path.filters
        self._newest_first = rules.rows_order is RowsOrder.NEWEST_FIRST
        self._trade_from = _row_reader(row)
        per = {rules.sequence.per: one_of(rules.sequence.path)} if rules.sequence is not None else {}
        self._sequence, self._row_sequence = per.get(Per.CONNECTION), per.get(Per.SYMBOL)
        self._controls = ControlReader(row)

    def read(self, payload: bytes, received_time_ns: int, received_monotonic_ns: int, *, binary: bool = False) -> Frame:
        """Return what a message means. Never raises: what cannot be read is said in `unreadable` or `refused`."""
        frame = Frame()
        try:
            text = self._inflate(payload) if binary else payload
            if len(text) > self.bytes_max:
                raise FrameRefused("too long")
            if self._texts and text in self._texts:
                frame.controls = _meant(self._texts[text])
                return frame
            message = self._decode(text)
        except FrameRefused as error:
            frame.unreadable = str(error)
        except UNREADABLE:
            frame.unreadable = "no JSON"
        else:
            self._interpret(frame, _Arrival(message, received_time_ns, received_monotonic_ns))
        return frame

    def _interpret(self, frame: Frame, arrival: "_Arrival") -> None:
        message = arrival.message
        if self._sequence is not None:
            number = self._sequence(message)
            frame.sequence = number if type(number) is int else None
        is_trade = self._is_trade(message)
        is_history = self._is_history is not None and self._is_history(message)
        rows: list[object] = []
        if is_trade and (not is_history or self._keeps_some_live):
            rows = self._rows(message)
            self._collect(frame, frame.trades, rows, arrival)
        if is_history:
            live = {id(row) for row in rows}
            old = [row for row in self._old_rows(message) if id(row) not in live]
            self._collect(frame, frame.history, old, arrival)
        if is_history or not is_trade:
            frame.controls = self._controls.read(message)

    def _collect(self, frame: Frame, into: list[Trade], rows: list[object], arrival: "_Arrival") -> None:
        for row in rows:
            try:
                trade = self._trade_from(row, arrival)
            except DigitsRefused:
                frame.refused.append("price")
            except TimeRefused:
                frame.refused.append("time")
            except _SymbolRefused:
                frame.refused.append("symbol")
            else:
                into.append(trade)
                if self._row_sequence is not None and (number := whole(self._row_sequence(row))) is not None:
                    frame.numbered.append((trade, number))
        if len(into) > 1:
            if self._newest_first:
                into.reverse()
            into.sort(key=_exchange_time)  # Stable: among equal times the order of the rows decides.


class _Arrival:
    """A decoded message and when it came."""

    __slots__ = ("message", "monotonic_ns", "time_ns")

    def __init__(self, message: object, time_ns: int, monotonic_ns: int) -> None:
        self.message, self.time_ns, self.monotonic_ns = message, time_ns, monotonic_ns


def _exchange_time(trade: Trade) -> int:
    return trade.exchange_time_ns


def _meant(meaning: TextMeaning) -> Controls:
    return Controls(alive=meaning is TextMeaning.ALIVE, reconnect=meaning is TextMeaning.RECONNECT)


class _SymbolRefused(ValueError):
    """A row names no symbol."""


def _row_reader(row: FeedRow) -> Callable[[object, _Arrival], Trade]:
    venue, time_ns = row.venue, time_reader(row.time_format)
    price_of, price_in_frame = one_of(row.price_path), row.price_path.from_frame
    symbol_of, symbol_in_frame = one_of(row.symbol_path), row.symbol_path.from_frame
    time_of, time_in_frame = one_of(row.time_path), row.time_path.from_frame

    def read(row: object, arrival: _Arrival) -> Trade:
        message = arrival.message
        symbol = symbol_of(message if symbol_in_frame else row)
        if not isinstance(symbol, str) or not symbol:
            raise _SymbolRefused
        price = price_digits(price_of(message if price_in_frame else row))
        exchange_time_ns = time_ns(time_of(message if time_in_frame else row))
        return Trade(venue, Symbol(symbol), price, exchange_time_ns, arrival.time_ns, arrival.monotonic_ns)

    return read
