"""The last log lines, kept in memory for whoever asks a node from afar."""

import logging
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

LINE_BYTES_MAX = 16_384
"""A longer line, such as one with a deep traceback, is kept by its beginning."""
BYTES_MAX = 8 * 1_048_576
"""All lines together; past it the oldest go, however many lines may be kept."""
LINES_KEPT = 2_000
LEVELS: Mapping[str, int] = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


@dataclass(frozen=True, slots=True)
class KeptLine:
    """One line as it was written, and its number among all of this life of the node."""

    number: int
    level: int
    module: str
    time: str
    told: Mapping[str, Any] = field(repr=False)
    """The whole line, secrets taken out: time, level, node, module, event, facts, and a traceback where there is one."""
    size: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """Lines in order, the number of the oldest that is kept (0: none), and after which number whoever follows asks next."""

    lines: Sequence[KeptLine]
    oldest: int
    next_after: int


class KeptLogs(logging.Handler):
    """Keeps the last lines: so many, and so many bytes, whatever is logged. What is not kept any more is gone: logs belong on stderr.

    Lines come from any thread. They are formatted as JSON by whatever formatter is set, which takes the secrets out.
    """

    def __init__(self, lines_max: int = LINES_KEPT, bytes_max: int = BYTES_MAX) -> None:
        super().__init__()
        self._lines: deque[KeptLine] = deque()
        self._lines_max, self._bytes_max = lines_max, bytes_max
        self._guard = threading.Lock()
        self._bytes = self._newest = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        try:
            told, size = _told(self.format(record))
        except Exception:
            self.handleError(record)
            return
        with self._guard:
            self._newest += 1
            line = KeptLine(self._newest, record.levelno, str(told.get("module", "")), str(told.get("time", "")), told, size)
            self._lines.append(line)
            self._bytes += size
            self._make_room()

    def resize(self, lines_max: int) -> None:
        """Keep so many lines from now on."""
        with self._guard:
            self._lines_max = lines_max
            self._make_room()

    def page(self, *, after: int = 0, level: str = "debug", part: str = "", since: str = "", limit: int = 500) -> Page:
        """Return lines after number `after`, from `level` up, of modules that begin with `part`, written at `since` or later.

        `since` is a moment as lines tell it. Of more than `limit` the newest are returned where `after` is 0, else the oldest,
        so that whoever follows misses none.
        """
        with self._guard:
            kept, newest = list(self._lines), self._newest
        least, since = LEVELS[level], since.rstrip("Z")  # Else a whole second would sort behind its own fractions.
        after = after if after <= newest else 0  # The node was started anew, and counts anew.
        found = [line for line in kept if line.number > after and line.level >= least and _is_of(line.module, part) and line.time >= since]
        lines = found[:limit] if after else found[-limit:]
        return Page(lines, kept[0].number if kept else 0, lines[-1].number if after and len(found) > limit else newest)

    def _make_room(self) -> None:
        while self._lines and (len(self._lines) > self._lines_max or self._bytes > self._bytes_max):
            self._bytes -= self._lines.popleft().size


def _is_of(module: str, part: str) -> bool:
    return not part or module == part or module.startswith(f"{part}.")


def _told(text: str) -> tuple[dict[str, Any], int]:
    """Return a line to keep and its size. One that is too long loses its facts and the end of its traceback, never its event."""
    told: dict[str, Any] = msgspec.json.decode(text)
    if len(text) <= LINE_BYTES_MAX:
        return told, len(text)
    cut = {name: str(told[name])[: LINE_BYTES_MAX // 2] for name in ("event", "traceback") if name in told}
    return told | {"facts": {"cut": f"{len(text)} characters"}} | cut, LINE_BYTES_MAX
