"""Where log lines go and what they look like: JSON, one object a line, or readable colour on a terminal."""

import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from trinity_beast.clock import Clock
from trinity_beast.telemetry.kept_logs import KeptLogs
from trinity_beast.telemetry.redaction import Redactor

_PREFIX = "trinity_beast."
_COLOURS = {"debug": "2", "info": "32", "warning": "33", "error": "1;31", "critical": "1;31"}


def configure_logs(
    *,
    node: str,
    level: str,
    clock: Clock,
    redactor: Redactor,
    stream: TextIO | None = None,
    is_terminal: bool | None = None,
    kept: KeptLogs | None = None,
) -> None:
    """Send every log line of the process to `stream`. Called once, by whoever starts the program; a second call replaces the first.

    `stream` None is standard error, wherever it leads at the time, so that lines and a live display do not overwrite
    each other. `is_terminal` None asks the stream. Libraries are heard from `warning` up, whatever `level` says. `kept` gets
    every line too, as JSON.
    """
    wants_colour = (stream or sys.stderr).isatty() if is_terminal is None else is_terminal
    handler = StandardError() if stream is None else logging.StreamHandler(stream)
    handler.setFormatter(TerminalLines(clock, redactor) if wants_colour else JsonLines(node, clock, redactor))
    handlers: list[logging.Handler] = [handler]
    if kept is not None:
        kept.setFormatter(JsonLines(node, clock, redactor))
        handlers.append(kept)
    logging.basicConfig(handlers=handlers, level=logging.WARNING, force=True)
    set_log_level(level)
    logging.captureWarnings(capture=True)


def set_log_level(level: str) -> None:
    """Write our own lines from `level` up, from now on."""
    logging.getLogger("trinity_beast").setLevel(level.upper())


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to standard error as it is now: a display that takes it over for a while gets the lines too."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.stream = sys.stderr
        super().emit(record)


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, node, module, event, facts, and a traceback where there is one."""

    def __init__(self, node: str, clock: Clock, redactor: Redactor) -> None:
        super().__init__()
        self._node, self._clock, self._redactor = node, clock, redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": f"{self._clock.now().astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "level": record.levelname.lower(),
            "node": self._node,
            "module": _module(record),
            "event": self._redactor.text(record.getMessage()),
            "facts": self._redactor.facts(_facts(record)),
        }
        if record.exc_info:
            line["traceback"] = self._redactor.text(self.formatException(record.exc_info))
        return msgspec.json.encode(line, enc_hook=str).decode()


class TerminalLines(logging.Formatter):
    """For eyes: local time, level in colour, module, event, facts as name=value."""

    def __init__(self, clock: Clock, redactor: Redactor) -> None:
        super().__init__()
        self._clock, self._redactor = clock, redactor

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it where there is one."""
        level = record.levelname.lower()
        facts = "".join(f"  \x1b[2m{name}=\x1b[0m{_shown(value)}" for name, value in self._redactor.facts(_facts(record)).items())
        event = _printable(self._redactor.text(record.getMessage()))
        line = f"{_local(self._clock.now())} \x1b[{_COLOURS[level]}m{level:<7}\x1b[0m {_module(record):<10} {event}{facts}"
        if record.exc_info:
            line += "\n" + "\n".join(_printable(each) for each in self._redactor.text(self.formatException(record.exc_info)).splitlines())
        return line


def _facts(record: logging.LogRecord) -> Mapping[str, object]:
    facts = getattr(record, "facts", None)
    return facts if isinstance(facts, Mapping) else {}


def _module(record: logging.LogRecord) -> str:
    return record.name.removeprefix(_PREFIX)


def _local(now: datetime) -> str:
    return f"{now.astimezone():%H:%M:%S}.{now.microsecond // 1000:03}"


def _shown(value: object) -> str:
    return _printable(value if isinstance(value, str) else msgspec.json.encode(value).decode())


def _printable(text: str) -> str:
    # What a stranger sent may move the cursor or forge a second line; a terminal must not obey it.
    return "".join(each if each.isprintable() else each.encode("unicode_escape", "surrogatepass").decode() for each in text)
