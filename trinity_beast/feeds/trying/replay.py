"""A changed row read over frames that are there already, before it speaks to anybody."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from trinity_beast.feeds.grammar import FeedRow
from trinity_beast.feeds.kept_frames import KeptFrame
from trinity_beast.feeds.reading import Frame, FrameReader
from trinity_beast.feeds.trying.model import Flaw, FlawKind
from trinity_beast.words import Trade

EXCERPT_CHARACTERS = 300
_REFUSED: Mapping[str, tuple[FlawKind, str]] = {
    "price": (FlawKind.PRICE_UNREADABLE, "price_path"),
    "time": (FlawKind.TIME_UNREADABLE, "time_format"),
    "symbol": (FlawKind.SYMBOL_UNREADABLE, "symbol_path"),
}
_MEANING = {
    "price": "hold no price above zero where price_path looks",
    "time": "hold no time of our day where time_path looks, read by time_format",
    "symbol": "hold no symbol where symbol_path looks",
}
_COMPARED: tuple[tuple[str, str, Callable[[Trade], object]], ...] = (
    ("symbol", "symbol_path", lambda trade: trade.symbol),
    ("price", "price_path", lambda trade: trade.price),
    ("time", "time_path", lambda trade: trade.exchange_time_ns),
)


@dataclass(slots=True)
class _Seen:
    """The first frame of a kind, and how many there were."""

    frame: KeptFrame
    told: Mapping[str, object]
    count: int = 1


def unreadable(row: FeedRow, frames: Sequence[KeptFrame]) -> list[Flaw]:
    """Return what the row cannot read in frames it was asked for by: one flaw a kind, its first frame shown."""
    reader, seen = FrameReader(row), dict[str, _Seen]()
    for frame in frames:
        for reason in set(_read(reader, frame).refused):
            _note(seen, reason, frame, {})
    return [_refused_flaw(reason, found) for reason, found in seen.items()]


def reads_nothing(row: FeedRow, frames: Sequence[KeptFrame]) -> list[Flaw]:
    """Return a flaw when there are frames and the row reads no trade in any, live or old."""
    reader = FrameReader(row)
    read = [_read(reader, frame) for frame in frames]
    if not frames or any(frame.trades or frame.history or frame.refused for frame in read):
        return []
    told = f"none of {len(frames)} frames holds a trade by trade_match and trade_rows_path"
    return [Flaw(FlawKind.NOTHING_READ, "trade_match", told, {"frames": len(frames), "frame": excerpt(frames[-1])})]


def read_otherwise(row: FeedRow, old: FeedRow, frames: Sequence[KeptFrame]) -> list[Flaw]:
    """Return where the row reads the running feed's frames otherwise than the row they were asked for by.

    Only rows that ask in the same way can be compared; for others there is nothing to say, and nothing is said.
    """
    if not asks_alike(row, old):
        return []
    reader, old_reader, seen = FrameReader(row), FrameReader(old), dict[str, _Seen]()
    for frame in frames:
        new_frame, old_frame = _read(reader, frame), _read(old_reader, frame)
        for reason in set(new_frame.refused) - set(old_frame.refused):
            _note(seen, f"refused {reason}", frame, {})
        if not new_frame.refused:
            for column, told in _differences(old_frame, new_frame):
                _note(seen, column, frame, told)
    return [_refused_flaw(name.split()[1], found) if " " in name else _otherwise(name, found) for name, found in seen.items()]


def asks_alike(row: FeedRow, old: FeedRow) -> bool:
    """Return whether two rows make a venue send the same frames."""
    asking = ("subscribe_template", "symbol_template", "frame_codec")
    send_first = row.control_rules.send_first == old.control_rules.send_first
    return send_first and all(getattr(row, name) == getattr(old, name) for name in asking)


def excerpt(frame: KeptFrame) -> str:
    """Return the beginning of a frame as evidence shows it."""
    text = frame.payload[: 4 * EXCERPT_CHARACTERS].decode("utf-8", "replace")
    return text if len(text) <= EXCERPT_CHARACTERS else text[: EXCERPT_CHARACTERS - 1] + "…"


def _read(reader: FrameReader, frame: KeptFrame) -> Frame:
    return reader.read(frame.payload, frame.received.wall_ns, frame.received.monotonic_ns, binary=frame.is_binary)


def _note(seen: dict[str, _Seen], name: str, frame: KeptFrame, told: Mapping[str, object]) -> None:
    if name in seen:
        seen[name].count += 1
    else:
        seen[name] = _Seen(frame, told)


def _differences(old: Frame, new: Frame) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Give each column in which two readings of a frame first differ, with both readings."""
    was, now = _trades(old), _trades(new)
    if len(was) != len(now):
        yield "trade_rows_path", {"was": f"{len(was)} trades", "now": f"{len(now)} trades"}
        return
    for column, blamed, read in _COMPARED:
        pair = next(((read(before), read(after)) for before, after in zip(was, now, strict=True) if read(before) != read(after)), None)
        if pair is not None:
            yield blamed, {"what": column, "was": str(pair[0]), "now": str(pair[1])}


def _trades(frame: Frame) -> list[Trade]:
    return [*frame.history, *frame.trades]


def _refused_flaw(reason: str, found: _Seen) -> Flaw:
    kind, column = _REFUSED[reason]
    count = f"{found.count} frames" if found.count > 1 else "a frame"
    return Flaw(kind, column, f"rows of {count} {_MEANING[reason]}", {"frames": found.count, "frame": excerpt(found.frame)})


def _otherwise(column: str, found: _Seen) -> Flaw:
    was, now = found.told["was"], found.told["now"]
    count = f"{found.count} frames" if found.count > 1 else "a frame"
    told = f"{count} of the running feed would be read otherwise: {now} where it is {was} today"
    return Flaw(FlawKind.FRAMES_READ_OTHERWISE, column, told, {"frames": found.count, **found.told, "frame": excerpt(found.frame)})
