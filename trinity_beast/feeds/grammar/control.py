"""Control rules: everything on a venue's socket that is not a trade."""

from dataclasses import dataclass

from trinity_beast.feeds.grammar.kinds import ErrorScope, Per, RowsOrder, Scope, TextMeaning
from trinity_beast.feeds.grammar.paths import Path
from trinity_beast.feeds.grammar.placeholders import FRAME, ID, NOW_MS, NOW_S, Template
from trinity_beast.feeds.grammar.section import Section
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
    reconnect_on: tuple[Match, ...] = ()
    silence_seconds: float | None = None
    reconnect_seconds_min: float | None = None
    frame_bytes_max: int | None = None
    messages_per_second: float | None = None
    requests_per_hour: int | None = None
    symbols_per_connection: int | None = None


def parse_control(section: Section) -> ControlRules:
    """Read the control rules; what is wrong is noted in the section's faults."""
    rules = ControlRules(
        connect_delay_seconds=section.number("connect_delay_seconds", least=0, most=60),
        send_first=_send_first(section),
        replies=tuple(reply for one in section.sections("replies") if (reply := _reply(one)) is not None),
        text_frames=_text_frames(section),
        history=_history(section),
        rows_order=section.choice("rows_order", RowsOrder),
        ack=_ack(section),
        error=_error(section),
        sequence=_sequence(section),
        alive=_alive(section),
        status=_status(section),
        reconnect_on=_reconnect_on(section),
        silence_seconds=section.number("silence_seconds", least=1, most=3_600),
        reconnect_seconds_min=section.number("reconnect_seconds_min", least=0, most=600),
        frame_bytes_max=section.count("frame_bytes_max", least=1_024, most=268_435_456),
        messages_per_second=section.number("messages_per_second", least=0.01, most=10_000),
        requests_per_hour=section.count("requests_per_hour", least=1, most=10_000_000),
        symbols_per_connection=section.count("symbols_per_connection", least=1, most=1_000_000),
    )
    section.finish()
    return rules


def _send_first(section: Section) -> tuple[Template, ...]:
    texts = section.texts("send_first")
    listed = Section({str(number): text for number, text in enumerate(texts)}, section.place("send_first"), section.faults)
    templates = [listed.template(name, allowed=_SENDING) for name in listed.names()]
    return tuple(template for template in templates if template is not None)


def _reply(section: Section) -> Reply | None:
    match, send = section.match(), section.template("send", allowed=(*_SENDING, FRAME), needed=True)
    within = section.number("within_seconds", least=0.1, most=600)
    section.finish()
    return Reply(match, send, within) if match is not None and send is not None else None


def _text_frames(section: Section) -> tuple[tuple[str, TextMeaning], ...]:
    inner = section.section("text_frames")
    if inner is None:
        return ()
    pairs = [(text, inner.choice(text, TextMeaning, needed=True)) for text in inner.names()]
    return tuple(sorted((text, meaning) for text, meaning in pairs if meaning is not None))


def _history(section: Section) -> History | None:
    inner = section.section("history")
    if inner is None:
        return None
    history = History(inner.match(needed=False), inner.flag("older_than_subscribe"), inner.path("rows"))
    inner.finish()
    if history == History() and not inner.names():
        section.fault("history", "match or older_than_subscribe")
    return history


def _ack(section: Section) -> Ack | None:
    inner = section.section("ack")
    if inner is None:
        return None
    match, scope = inner.match(), inner.choice("scope", Scope, needed=True)
    symbol, message_id = inner.path("symbol"), inner.path("id")
    inner.finish()
    if scope is Scope.SYMBOL and not inner.has("symbol"):
        inner.fault("symbol", "a path to the symbol, for the scope is symbol")
    return Ack(match, scope, symbol, message_id) if match is not None and scope is not None else None


def _error(section: Section) -> ErrorRule | None:
    inner = section.section("error")
    if inner is None:
        return None
    match, scope = inner.match(), inner.choice("scope", ErrorScope, needed=True)
    paths = [inner.path(key) for key in ("symbol", "id", "message", "code")]
    inner.finish()
    if scope is ErrorScope.SYMBOL and not inner.has("symbol"):
        inner.fault("symbol", "a path to the symbol, for the scope is symbol")
    return ErrorRule(match, scope, *paths) if match is not None and scope is not None else None


def _sequence(section: Section) -> Sequence | None:
    inner = section.section("sequence")
    if inner is None:
        return None
    path, per = inner.path("path", in_row=True, needed=True), inner.choice("per", Per, needed=True)
    inner.finish()
    return Sequence(path, per) if path is not None and per is not None else None


def _alive(section: Section) -> Match | None:
    inner = section.section("alive")
    if inner is None:
        return None
    match = inner.match()
    inner.finish()
    return match


def _status(section: Section) -> Status | None:
    inner = section.section("status")
    if inner is None:
        return None
    match, path, good = inner.match(), inner.path("path", needed=True), inner.texts("ok")
    inner.finish()
    if not inner.has("ok"):
        inner.fault("ok", "the words that mean well")
    return Status(match, path, good) if match is not None and path is not None else None


def _reconnect_on(section: Section) -> tuple[Match, ...]:
    found = []
    for inner in section.sections("reconnect_on"):
        match = inner.match()
        inner.finish()
        if match is not None:
            found.append(match)
    return tuple(found)
