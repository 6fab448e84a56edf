"""What a frame that is no trade says: acks, refusals, signs of life, halts, proofs, questions to answer, notices."""

from collections.abc import Iterator
from dataclasses import dataclass

from trinity_beast.feeds.grammar import control
from trinity_beast.feeds.grammar.digits import Number
from trinity_beast.feeds.grammar.kinds import ErrorScope, Scope
from trinity_beast.feeds.grammar.placeholders import Template
from trinity_beast.feeds.grammar.row import FeedRow
from trinity_beast.feeds.grammar.times import TimeRefused, time_reader
from trinity_beast.feeds.reading.conditions import Condition, condition
from trinity_beast.feeds.reading.getters import Many, all_of, literal, one_of, whole

MESSAGE_CHARACTERS_MAX = 300


@dataclass(frozen=True, slots=True)
class Ack:
    """A request was taken: which (`id`, as text), whose (`symbols`)."""

    scope: Scope
    symbols: tuple[str, ...]
    id: str | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request, or one symbol of it, was refused."""

    scope: ErrorScope
    symbols: tuple[str, ...]
    id: str | None
    message: str
    code: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer the venue waits for."""

    template: Template
    frame: object


@dataclass(frozen=True, slots=True)
class HaltWord:
    """Whether a symbol is traded, in the venue's own word; without `symbol` it is about all of them."""

    symbol: str | None
    is_halted: bool
    word: str


@dataclass(frozen=True, slots=True)
class Voucher:
    """The venue's word at `time_ns` (its clock) that the last trade of a symbol is the one of this number."""

    symbol: str
    number: int
    time_ns: int


@dataclass(frozen=True, slots=True)
class Controls:
    """Everything one frame says beside trades."""

    ack: Ack | None = None
    refusal: Refusal | None = None
    alive: bool = False
    replies: tuple[Reply, ...] = ()
    reconnect: bool = False
    status: str | None = None
    status_is_good: bool = True
    halts: tuple[HaltWord, ...] = ()
    voucher: Voucher | None = None


class ControlReader:
    """Reads what is no trade, by the row's control rules."""

    def __init__(self, row: FeedRow) -> None:
        rules = row.control_rules
        self._replies = [(condition(reply.match), reply.send) for reply in rules.replies]
        self._alive = condition(rules.alive) if rules.alive is not None else None
        self._reconnect = [condition(match) for match in rules.reconnect_on]
        self._status_rule = rules.status
        self._is_status: Condition | None = condition(rules.status.match) if rules.status is not None else None
        self._halts = [_HaltReader(rule) for rule in rules.halts]
        self._proof = _ProofReader(rules.proof) if rules.proof is not None else None
        self._ack = _AckReader(rules.ack) if rules.ack is not None else None
        self._error = _ErrorReader(rules.error) if rules.error is not None else None

    def read(self, message: object) -> Controls | None:
        """Return what a frame says, or None when it says nothing known."""
        status = self._status(message)
        refusal = self._error.read(message) if self._error is not None else None
        controls = Controls(
            # Binance's refusals have the ids of acks and no `result` either: what is a refusal is no ack.
            ack=self._ack.read(message) if self._ack is not None and refusal is None else None,
            refusal=refusal,
            alive=self._alive is not None and self._alive(message),
            replies=tuple(Reply(template, message) for asked, template in self._replies if asked(message)),
            reconnect=any(asked(message) for asked in self._reconnect),
            status=status,
            status_is_good=status is None or (self._status_rule is not None and status in self._status_rule.ok),
            halts=tuple(word for halt in self._halts for word in halt.read(message)),
            voucher=self._proof.read(message) if self._proof is not None else None,
        )
        return None if controls == Controls() else controls

    def _status(self, message: object) -> str | None:
        if self._status_rule is None or self._is_status is None or not self._is_status(message):
            return None
        found = one_of(self._status_rule.path)(message)
        return _told(found) if found is not None else None


class _HaltReader:
    def __init__(self, rule: control.Halt) -> None:
        self._matches, self._halted = condition(rule.match), frozenset(rule.halted)
        self._rows: Many = all_of(rule.rows) if rule.rows is not None else lambda message: [message]
        self._symbol, self._symbol_in_frame = one_of(rule.symbol) if rule.symbol else None, bool(rule.symbol and rule.symbol.from_frame)
        self._word, self._word_in_frame = one_of(rule.word), rule.word.from_frame

    def read(self, message: object) -> Iterator[HaltWord]:
        for row in self._rows(message) if self._matches(message) else ():
            found = self._word(message if self._word_in_frame else row)
            symbol = self._symbol(message if self._symbol_in_frame else row) if self._symbol is not None else None
            if found is None or (self._symbol is not None and not isinstance(symbol, str)):
                continue  # Of whom nothing is said, or nobody knows of whom.
            word = _told(found)
            yield HaltWord(symbol if isinstance(symbol, str) else None, word in self._halted, word)


class _ProofReader:
    def __init__(self, rule: control.Proof) -> None:
        self._matches, self._time_ns = condition(rule.match), time_reader(rule.time_format)
        self._symbol, self._number, self._time = one_of(rule.symbol), one_of(rule.number), one_of(rule.time)

    def read(self, message: object) -> Voucher | None:
        if not self._matches(message):
            return None
        symbol, number = self._symbol(message), whole(self._number(message))
        if not isinstance(symbol, str) or number is None:
            return None
        try:
            return Voucher(symbol, number, self._time_ns(self._time(message)))
        except TimeRefused:
            return None


class _AckReader:
    def __init__(self, rule: control.Ack) -> None:
        self._scope, self._matches = rule.scope, condition(rule.match)
        self._symbols: Many | None = all_of(rule.symbol) if rule.symbol is not None else None
        self._id = one_of(rule.id) if rule.id is not None else None

    def read(self, message: object) -> Ack | None:
        if not self._matches(message):
            return None
        if self._symbols is not None:
            symbols = _texts(self._symbols(message))
        else:
            # A state that does not say where its symbols stand: every text in it may be one.
            symbols = tuple(_all_texts(message)) if self._scope is Scope.STATE else ()
        return Ack(self._scope, symbols, _id(self._id(message)) if self._id is not None else None)


class _ErrorReader:
    def __init__(self, rule: control.ErrorRule) -> None:
        self._scope, self._matches = rule.scope, condition(rule.match)
        self._symbols: Many | None = all_of(rule.symbol) if rule.symbol is not None else None
        self._id = one_of(rule.id) if rule.id is not None else None
        self._message = one_of(rule.message) if rule.message is not None else None
        self._code = one_of(rule.code) if rule.code is not None else None

    def read(self, message: object) -> Refusal | None:
        if not self._matches(message):
            return None
        symbols = _texts(self._symbols(message)) if self._symbols is not None else ()
        message_id = _id(self._id(message)) if self._id is not None else None
        told = _told(self._message(message)) if self._message is not None else ""
        code = _told(self._code(message)) if self._code is not None else ""
        return Refusal(self._scope, symbols, message_id, told, code)


def _texts(values: list[object]) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str) and not isinstance(value, Number))


def _all_texts(value: object) -> list[str]:
    found, waiting = [], [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
    return found


def _id(value: object) -> str | None:
    return literal(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


def _told(value: object) -> str:
    return literal(value)[:MESSAGE_CHARACTERS_MAX]
