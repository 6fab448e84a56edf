"""What the verbs share: the end that somebody asks for, refusals told, talk on stderr."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console

from trinity_beast.errors import TrinityError


@contextmanager
def told_to_stop() -> Iterator[Callable[[], bool]]:
    """Give what says whether Ctrl-C or SIGTERM came. The first ends things in order; the second, at once."""
    heard: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        signal.signal(number, before[number])

    before = {int(number): signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, hear)
    try:
        yield lambda: bool(heard)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def refusals_told(talk: Console, tell: Callable[[TrinityError], str]) -> Iterator[None]:
    """Turn a refusal into one sentence on stderr and the exit status of the contract: 2 for misuse, 1 for the rest."""
    try:
        yield
    except TrinityError as error:
        say(talk, tell(error), style="red")
        raise SystemExit(1 if error.status >= 500 else 2) from error


def say(talk: Console, line: str, *, style: str = "") -> None:
    """Put a line on stderr, as it is."""
    talk.print(line, style=style or None, markup=False, highlight=False, soft_wrap=True)
