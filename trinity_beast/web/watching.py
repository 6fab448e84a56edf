"""A table asked for again and again, that changes in place while somebody looks at it."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.web.client import Granted, Turned
from trinity_beast.web.desk import Desk

Shape = Callable[[Any, int, int], RenderableType]
"""Makes of an answer what is shown, in so many columns and on so many lines."""


class Watching:
    """Shows a node's answer until Ctrl-C. A node that does not answer for a while is said so below what it told last."""

    def __init__(self, desk: Desk, clock: Clock, *, every_seconds: float) -> None:
        self._desk, self._clock, self._every_seconds = desk, clock, every_seconds

    def show(self, ask: Callable[[], Granted | Turned], shape: Shape) -> None:
        """Ask and show; where nobody looks on a terminal, once.

        A first refusal is told and ends the program with status 1. A later one is shown and the question asked again.
        """
        told = self._desk.ask(ask)
        if not sys.stdout.isatty():
            self._desk.table(shape(told, self._desk.width, sys.maxsize))
            return
        console = Console()
        try:
            with Live(self._shaped(console, shape, told, ""), console=console, auto_refresh=False) as live:
                while True:
                    asyncio.run(self._clock.sleep(self._every_seconds))
                    told, trouble = self._asked(ask, told)
                    live.update(self._shaped(console, shape, told, trouble), refresh=True)
        except KeyboardInterrupt:
            return

    def _asked(self, ask: Callable[[], Granted | Turned], before: Any) -> tuple[Any, str]:
        try:
            answer = ask()
        except TrinityError as error:
            return before, self._desk.told(error)
        match answer:
            case Granted(data):
                return data, ""
            case Turned():
                return before, answer.message

    @staticmethod
    def _shaped(console: Console, shape: Shape, told: Any, trouble: str) -> RenderableType:
        # A line is left free: a display as high as the terminal would scroll at each change.
        lines = max(1, console.height - 2)
        shown = shape(told, console.width, lines - 1 if trouble else lines)
        return Group(shown, Text(trouble, style="bold red", no_wrap=True, overflow="ellipsis")) if trouble else shown
