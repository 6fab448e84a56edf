"""Control rules: everything on a venue's socket that is not a trade."""

from dataclasses import dataclass

from trinity_beast.feeds.grammar import forms
from trinity_beast.feeds.grammar.forms import Form
from trinity_beast.feeds.grammar.kinds import ErrorScope, Per, RowsOrder, Scope, TextMeaning
from trinity_beast.feeds.grammar.paths import Path
from trinity_beast.feeds.grammar.placeholders import FRAME, ID, NOW_MS, NOW_S, Template
from trinity_beast.feeds.grammar.section import Section
from trinity_beast.feeds.grammar.times import TimeFormat
from trinity_beast.feeds.grammar.wanted import Match

FRAME_BYTES = 4_194_304
_SENDING = (ID, NOW_S, NOW_MS)


@dataclass(frozen=True, slots=True)
class Reply:
    """A frame that must be answered, and with what."""

    match: Match
    send: Template
    within_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class History:
    """Which trades are old: by a mark, or because they are older than the subscription. `rows` leads to the marked ones."""

    match: Match | None = None
    older_than_subscribe: bool | None = None
    rows: Path | None = None


@dataclass(frozen=True, slots=True)
class Ack:
    """A request was taken. `symbol` names whose it was, `id` which."""

    match: Match
    scope: Scope
    symbol: Path | None = None
    id: Path | None = None


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """A request was refused."""

    match: Match
    scope: ErrorScope
    symbol: Path | None = None
    id: Path | None = None
    message: Path | None = None
    code: Path | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    """A number that rises by one; per symbol it stands in the rows."""

    path: Path
    per: Per


@dataclass(frozen=True, slots=True)
class Status:
    """The venue's own word on its state, and the words that mean well."""

    match: Match
    path: Path
    ok: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Halt:
    """The venue's word on whether a symbol is traded: `halted` are the words by which it is not, any other means that it is.

    Without `symbol` the word is about the whole venue. With `rows` one frame speaks of several symbols.
    """

    match: Match
    word: Path
    halted: tuple[str, ...]
    rows: Path | None = None
    symbol: Path | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """A message by which the venue vouches for a symbol's last trade: the number that trade has in `sequence`, and when it said so.

    While the number is the one we read last, the socket has kept nothing back. A heartbeat without one proves nothing.
    """

    match: Match
    symbol: Path
    number: Path
    time: Path
    time_format: TimeFormat


@dataclass(frozen=True, slots=True)
class ControlRules:
    """The eighteenth column. None means: not said, and the default or the parameter applies."""

    connect_delay_seconds: float | None = None
    send_first: tuple[Template, ...] = ()
    replies: tuple[Reply, ...] = ()
    text_frames: tuple[tuple[str, TextMeaning], ...] = ()
    history: History | None = None
    rows_order: RowsOrder | None = None
    ack: Ack | None = None
    error: ErrorRule | None = None
    sequence: Sequence | None = None
    alive: Match | None = None
    status: Status | None = None
    halts: tuple[Halt, ...] = ()
    proof: Proof | None = None
    reconnect_on: tuple[Match, ...] = ()
    silence_seconds: float | None = None
    reconnect_seconds_min: float | None = None
    frame_bytes_max: int | None = None
    messages_per_second: float | None = None
    requests_per_hour: int | None = None
    symbols_per_connection: int | None = None


def parse_control(section: Section) -> ControlRules:
    """Read the control rules; what is wrong is noted in the section's faults."""
    return _RULES.read(section) or ControlRules()


def _send_first(section: Section, key: str) -> tuple[Template, ...]:
    listed = Section({str(number): text for number, text in enumerate(section.texts(key))}, section.place(key), section.faults)
    templates = [listed.template(name, allowed=_SENDING) for name in listed.names()]
    return tuple(template for template in templates if template is not None)


def _text_frames(section: Section, key: str) -> tuple[tuple[str, TextMeaning], ...]:
    inner = section.section(key)
    if inner is None:
        return ()
    pairs = [(text, inner.choice(text, TextMeaning, needed=True)) for text in inner.names()]
    return tuple(sorted((text, meaning) for text, meaning in pairs if meaning is not None))


def _history(section: Section, key: str) -> History | None:
    inner = section.section(key)
    if inner is None:
        return None
    if not inner.names():
        section.fault(key, "match or older_than_subscribe")
    return _HISTORY.read(inner)


def _named_where_meant(section: Section) -> None:
    """Note a rule about single symbols that does not say where their names stand."""
    if section.value("scope") == Scope.SYMBOL.value and not section.has("symbol"):
        section.fault("symbol", "a path to the symbol, for the scope is symbol")


def _counted_by_symbol(section: Section) -> None:
    """Note a proof without the numbers it is compared with."""
    if not section.has("proof"):
        return
    sequence = section.section("sequence")
    if sequence is None or sequence.value("per") != Per.SYMBOL.value:
        section.fault("proof", "a sequence per symbol beside it, whose numbers it vouches for")


def _alone(match: Match) -> Match:
    """Return the match of a rule that is nothing more."""
    return match


_ONLY_MATCH = Form(_alone, {"match": forms.match()}, needs=["match"])
_REPLY = Form(
    Reply,
    {
        "match": forms.match(),
        "send": forms.template(allowed=(*_SENDING, FRAME), needed=True),
        "within_seconds": forms.number(least=0.1, most=600),
    },
    needs=["match", "send"],
)
_HISTORY = Form(History, {"match": forms.match(needed=False), "older_than_subscribe": forms.flag(), "rows": forms.path()})
_ACK = Form(
    Ack,
    {"match": forms.match(), "scope": forms.choice(Scope, needed=True), "symbol": forms.path(), "id": forms.path()},
    needs=["match", "scope"],
    check=_named_where_meant,
)
_ERROR = Form(
    ErrorRule,
    {
        "match": forms.match(),
        "scope": forms.choice(ErrorScope, needed=True),
        "symbol": forms.path(),
        "id": forms.path(),
        "message": forms.path(),
        "code": forms.path(),
    },
    needs=["match", "scope"],
    check=_named_where_meant,
)
_SEQUENCE = Form(
    Sequence, {"path": forms.path(in_row=True, needed=True), "per": forms.choice(Per, needed=True)}, needs=["path", "per"]
)  # fmt: skip
_STATUS = Form(
    Status,
    {"match": forms.match(), "path": forms.path(needed=True), "ok": forms.texts(expected="the words that mean well")},
    needs=["match", "path"],
)
_HALT = Form(
    Halt,
    {
        "match": forms.match(),
        "rows": forms.path(),
        "symbol": forms.path(in_row=True),
        "word": forms.path(in_row=True, needed=True),
        "halted": forms.texts(expected="the words that mean that nothing is traded"),
    },
    needs=["match", "word"],
)
_PROOF = Form(
    Proof,
    {
        "match": forms.match(),
        "symbol": forms.path(needed=True),
        "number": forms.path(needed=True),
        "time": forms.path(needed=True),
        "time_format": forms.choice(TimeFormat, needed=True),
    },
    needs=["match", "symbol", "number", "time", "time_format"],
)
_RULES = Form(
    ControlRules,
    {
        "connect_delay_seconds": forms.number(least=0, most=60),
        "send_first": _send_first,
        "replies": forms.several(_REPLY),
        "text_frames": _text_frames,
        "history": _history,
        "rows_order": forms.choice(RowsOrder),
        "ack": forms.one(_ACK),
        "error": forms.one(_ERROR),
        "sequence": forms.one(_SEQUENCE),
        "alive": forms.one(_ONLY_MATCH),
        "status": forms.one(_STATUS),
        "halts": forms.several(_HALT),
        "proof": forms.one(_PROOF),
        "reconnect_on": forms.several(_ONLY_MATCH),
        "silence_seconds": forms.number(least=1, most=3_600),
        "reconnect_seconds_min": forms.number(least=0, most=600),
        "frame_bytes_max": forms.count(least=1_024, most=268_435_456),
        "messages_per_second": forms.number(least=0.01, most=10_000),
        "requests_per_hour": forms.count(least=1, most=10_000_000),
        "symbols_per_connection": forms.count(least=1, most=1_000_000),
    },
    check=_counted_by_symbol,
)
