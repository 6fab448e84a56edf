"""A feed row for the engine: what of it a frame of ordinary trades is read by, one thing a line.

The engine follows what is written here and nothing else, so the grammar stays the only description. A row that says what
the engine does not follow has no program, and every frame of it is read in Python; so is, of any row, every frame that is
not wholly live trades.
"""

from collections.abc import Iterator

from trinity_beast.feeds.grammar.control import FRAME_BYTES
from trinity_beast.feeds.grammar.kinds import Per
from trinity_beast.feeds.grammar.paths import After, Each, Member, Path, Where
from trinity_beast.feeds.grammar.row import FeedRow, FrameCodec
from trinity_beast.feeds.grammar.wanted import Absent, AnyOf, Exactly, Glob, One, Present, Wanted
from trinity_beast.feeds.reading.conditions import tester


class _NotFollowed(ValueError):
    """The row says what the engine does not follow."""


def program_of(row: FeedRow) -> str | None:
    """Return the lines the engine reads a row's ordinary frames by, or None where Python must read them all.

    What they mean: `engine/src/intake/program.rs`.
    """
    try:
        lines = list(_lines(row))
    except _NotFollowed:
        return None
    # A word that holds what parts words and lines could say something else than the row.
    if any(character in word for line in lines for word in line for character in "\t\n\r"):
        return None
    return "\n".join("\t".join(line) for line in lines)


def _lines(row: FeedRow) -> Iterator[list[str]]:
    rules = row.control_rules
    if row.frame_codec is not FrameCodec.TEXT or any(text.lstrip().startswith("{") for text, _ in rules.text_frames):
        raise _NotFollowed
    if _may_be_history(row):
        raise _NotFollowed
    yield ["bytes", str(rules.frame_bytes_max or FRAME_BYTES)]
    if rules.rows_order is not None:
        yield ["order", rules.rows_order.value]
    yield ["time", row.time_format.value]
    if rules.sequence is not None:
        if rules.sequence.per is not Per.CONNECTION:
            raise _NotFollowed
        yield ["sequence", *_names(rules.sequence.path)]
    for path, wanted in row.trade_match.terms:
        yield ["match", *(f".{name}" for name in _names(path)), *_wanted(wanted)]
    yield ["rows", *_steps(row.trade_rows_path)]
    for field, path in (("price", row.price_path), ("symbol", row.symbol_path), ("time", row.time_path)):
        yield [field, "frame" if path.from_frame else "row", *_names(Path(path.steps))]
    if row.price_path.cuts or row.time_path.cuts:
        raise _NotFollowed
    for cut in row.symbol_path.cuts:
        yield ["cut", "after" if isinstance(cut, After) else "before", cut.text]


def _names(path: Path) -> list[str]:
    names = [step.name for step in path.steps if isinstance(step, Member)]
    if not names or len(names) != len(path.steps) or path.cuts:
        raise _NotFollowed
    return names


def _steps(path: Path) -> Iterator[str]:
    if path.cuts:
        raise _NotFollowed
    for step in path.steps:
        if not isinstance(step, Member | Each | Where):
            raise _NotFollowed
        yield f".{step}" if isinstance(step, Member) else str(step)


def _wanted(wanted: Wanted) -> list[str]:
    return [_one(option) for option in wanted.options] if isinstance(wanted, AnyOf) else [_one(wanted)]


def _one(wanted: One) -> str:
    if isinstance(wanted, Exactly):
        value = wanted.value
        if isinstance(value, bool):
            return f"!{str(value).lower()}"
        if isinstance(value, str | int):
            return f"={value}" if isinstance(value, str) else f"#{value}"
    if isinstance(wanted, Glob):
        return f"~{wanted.pattern}"
    if isinstance(wanted, Present | Absent):
        return "*" if isinstance(wanted, Present) else "-"
    raise _NotFollowed


def _may_be_history(row: FeedRow) -> bool:
    """Return whether a frame the engine takes could be marked as history; it follows no marks, so that must be impossible."""
    history = row.control_rules.history
    if history is None or history.match is None:
        return False
    certain = dict(_certain(row))
    return not any(str(path) in certain and not tester(wanted)(certain[str(path)]) for path, wanted in history.match.terms)


def _certain(row: FeedRow) -> Iterator[tuple[str, object]]:
    """Yield what every value on a path is in a frame the engine takes: what trades must have, and what its rows are chosen by."""
    for path, wanted in row.trade_match.terms:
        if isinstance(wanted, Exactly):
            yield str(path), wanted.value
    steps = row.trade_rows_path.steps
    for place, step in enumerate(steps):
        if isinstance(step, Where):
            yield str(Path((*steps[:place], Each(), Member(step.key)))), step.value
