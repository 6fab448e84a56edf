"""Paths made into functions: from a decoded frame or row to the values a path leads to."""

from collections.abc import Callable, Iterable

from trinity_beast.feeds.grammar.digits import Number
from trinity_beast.feeds.grammar.paths import After, At, Cut, Each, Member, Path, Step, Where

One = Callable[[object], object]
Many = Callable[[object], list[object]]
WHOLE_DIGITS_MAX = 30
_LITERALS = {True: "true", False: "false", None: "null"}


def one_of(path: Path) -> One:
    """Return the function that gives the first value a path leads to, or None.

    A path that begins at the frame (`^`) must be given the frame.
    """
    names = [step.name for step in path.steps if isinstance(step, Member)]
    if len(names) != len(path.steps) or path.cuts:
        many = all_of(path)
        return lambda value: next(iter(many(value)), None)
    if len(names) == 1:
        return _member(names[0])

    def walk(value: object) -> object:
        for name in names:
            if type(value) is not dict:
                return None
            value = value.get(name)
        return value

    return walk


def _member(name: str) -> One:
    def get(value: object) -> object:
        return value.get(name) if type(value) is dict else None

    return get


def all_of(path: Path) -> Many:
    """Return the function that gives every value a path leads to; null counts as not there."""
    moves = [_move(step) for step in path.steps]
    if path.cuts:
        moves.append(_cutter(path.cuts))
    if len(moves) == 2:
        first, second = moves
        return lambda value: second(first([value]))

    def walk(value: object) -> list[object]:
        values = [value]
        for move in moves:
            values = move(values)
        return [] if values == [None] else values

    return walk


Move = Callable[[list[object]], list[object]]


def _move(step: Step) -> Move:
    if isinstance(step, Member):
        name = step.name
        return lambda values: [found for value in values if type(value) is dict and (found := value.get(name)) is not None]
    if isinstance(step, Each):
        return _elements
    if isinstance(step, Where):
        key, wanted = step.key, step.value
        return lambda values: [item for item in _elements(values) if type(item) is dict and key in item and literal(item[key]) == wanted]
    if isinstance(step, At):
        index = step.index
        return lambda values: [
            found for value in values if type(value) is list and -len(value) <= index < len(value) and (found := value[index]) is not None
        ]
    return _members


def _elements(values: Iterable[object]) -> list[object]:
    found: list[object] = []
    for value in values:
        if type(value) is list:
            found += value if None not in value else [item for item in value if item is not None]
        elif value is not None:
            found.append(value)
    return found


def _members(values: list[object]) -> list[object]:
    return [member for value in values if type(value) is dict for member in value.values() if type(member) in (dict, list)]


def literal(value: object) -> str:
    """Return a scalar as JSON writes it, a text without its quotes; nothing for an object or array."""
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, bool):
        return _LITERALS[value]
    return str(value) if isinstance(value, int) else ""


def whole(value: object) -> int | None:
    """Return a whole number, or a text of digits as the number it writes; None for all else."""
    if type(value) is int:
        return value
    if not isinstance(value, str) or isinstance(value, Number) or len(value) > WHOLE_DIGITS_MAX:
        return None
    return int(value) if value.isascii() and value.isdecimal() else None


def _cutter(cuts: tuple[Cut, ...]) -> Move:
    def cut(values: list[object]) -> list[object]:
        found = (_cut(value, cuts) for value in values if isinstance(value, str) and not isinstance(value, Number))
        return [text for text in found if text]

    return cut


def _cut(text: str, cuts: tuple[Cut, ...]) -> str:
    for cut in cuts:
        before, found, after = text.partition(cut.text)
        text = (after if found else "") if isinstance(cut, After) else before
    return text
