"""Templates filled: the texts we really send."""

import json
from collections.abc import Callable, Sequence

from trinity_beast.feeds.grammar.digits import Number
from trinity_beast.feeds.grammar.placeholders import FRAME, ID, NOW_MS, NOW_S, SYMBOL, SYMBOL_LOWER, SYMBOLS, Slot, Template
from trinity_beast.feeds.reading.getters import literal, one_of
from trinity_beast.words import Symbol

Value = Callable[[Slot], str]


def symbol_text(template: Template, symbol: Symbol) -> str:
    """Return one symbol as it stands in a request or an address."""
    return _filled(template, {SYMBOL: symbol, SYMBOL_LOWER: symbol.lower()})


def request_text(template: Template, symbol_template: Template, symbols: Sequence[Symbol], *, message_id: int, wall_ns: int) -> str:
    """Return the request that names these symbols."""
    joined = ",".join(symbol_text(symbol_template, symbol) for symbol in symbols)
    return _filled(template, {SYMBOLS: joined, **_always(message_id, wall_ns)})


def message_text(template: Template, *, message_id: int, wall_ns: int) -> str:
    """Return a text that names no symbol: a ping, a first message."""
    return _filled(template, _always(message_id, wall_ns))


def reply_text(template: Template, frame: object, *, message_id: int, wall_ns: int) -> str:
    """Return the answer to a frame, its values copied literally."""
    return _filled(template, _always(message_id, wall_ns), frame)


def _always(message_id: int, wall_ns: int) -> dict[str, str]:
    return {ID: str(message_id), NOW_S: str(wall_ns // 1_000_000_000), NOW_MS: str(wall_ns // 1_000_000)}


def _filled(template: Template, values: dict[str, str], frame: object = None) -> str:
    parts = [
        part if isinstance(part, str) else _copied(part, frame) if part.name == FRAME else values[part.name] for part in template.parts
    ]
    return "".join(parts)


def _copied(slot: Slot, frame: object) -> str:
    value = one_of(slot.path)(frame) if slot.path is not None else None
    if isinstance(value, dict | list):
        return "null"  # Nobody asks for a whole object back; a text made from one would not be literal any more.
    if isinstance(value, str) and not isinstance(value, Number):
        quoted = json.dumps(value, ensure_ascii=False)
        return quoted[1:-1] if slot.quoted else quoted
    return literal(value)
