"""The one way the program says what it does: a constant event name and facts.

Here is only the face, for everybody; where lines go and what they look like is set once by `telemetry`.
"""

import logging


class Log:
    """One module's voice. An event is a constant such as `feed connected`; what differs from case to case is a fact."""

    __slots__ = ("_logger",)

    def __init__(self, module: str) -> None:
        self._logger = logging.getLogger(f"trinity_beast.{module}")

    def debug(self, event: str, **facts: object) -> None:
        """Say what only someone hunting a fault wants to read."""
        self._say(logging.DEBUG, event, facts)

    def info(self, event: str, **facts: object) -> None:
        """Say what an operator wants to have read afterwards."""
        self._say(logging.INFO, event, facts)

    def warning(self, event: str, *, error: BaseException | None = None, **facts: object) -> None:
        """Say what may need someone soon. `error` is told by its kind and text."""
        self._say(logging.WARNING, event, facts | _cause(error))

    def error(self, event: str, *, error: BaseException | None = None, **facts: object) -> None:
        """Say what needs someone now. `error` is told with its traceback."""
        self._say(logging.ERROR, event, facts | _cause(error), error)

    def _say(self, level: int, event: str, facts: dict[str, object], error: BaseException | None = None) -> None:
        if self._logger.isEnabledFor(level):
            # `%` in an event is no format: the arguments are empty, and logging then leaves the message alone.
            self._logger.log(level, event, exc_info=error, extra={"facts": facts})


def get_log(module: str) -> Log:
    """Return the voice of `module`, named as its folder is: `feeds`, `web`."""
    return Log(module)


def _cause(error: BaseException | None) -> dict[str, object]:
    return {} if error is None else {"error": f"{type(error).__name__}: {error}"}
