"""What every verb that asks a node shares: the question, the refusal told, data on stdout and talk on stderr."""

import contextlib
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType

from trinity_beast.errors import TrinityError
from trinity_beast.web.client import Granted, KnownNode, Turned

NodeOf = Callable[[Path | None, str, str, str], KnownNode]
"""Which node is meant, by its data folder, address, admin key and the operator's name as far as they were given."""
TABLE_WIDTH = 160
"""How wide tables are where nobody looks at them on a terminal."""


class Desk:
    """What the verbs share: asking a node, telling a refusal, printing data on stdout and talk on stderr."""

    def __init__(self, tell: Callable[[TrinityError], str]) -> None:
        self._tell = tell
        self.talk = Console(stderr=True)

    def told(self, error: TrinityError) -> str:
        """Return a refusal of our own as a sentence."""
        return self._tell(error)

    @contextlib.contextmanager
    def refusals_told(self) -> Iterator[None]:
        """Turn a refusal of our own into a sentence on stderr, one for each mistake it names, and exit status 1."""
        try:
            yield
        except TrinityError as error:
            self.say(self._tell(error), style="red")
            for mistake in error.mistakes:
                self.say(f"- {mistake.location}: {mistake.message}. {mistake.fix}")
            raise SystemExit(1) from error

    def ask(self, question: Callable[[], Granted | Turned], waiting: str = "Asking the node") -> Any:
        """Return what the node answers with; where it refuses, tell all of it and leave with status 1."""
        with self.talk.status(waiting):
            return self.ask_quietly(question)

    def ask_quietly(self, question: Callable[[], Granted | Turned]) -> Any:
        """Return what the node answers with, as `ask` does, where something else shows that we wait."""
        with self.refusals_told():
            answer = question()
        return self.answered(answer)

    def answered(self, answer: Granted | Turned) -> Any:
        """Return what a node answered with; a refusal is told, all of it, and ends the program with status 1."""
        match answer:
            case Granted(data):
                return data
            case Turned():
                self.turned(answer)
                raise SystemExit(1)

    def turned(self, answer: Turned) -> None:
        """Tell a node's refusal: about one thing in its sentence, about several each with its place and evidence."""
        if len(answer.errors) == 1 and not answer.errors[0].get("facts"):
            self.say(answer.message, style="red")
            self.say(str(answer.errors[0]["fix"]))
            return
        self.say(f"{answer.title}; nothing was changed.", style="red")
        for error in answer.errors:
            for line in error_lines(error):
                self.say(line)

    def say(self, line: str, *, style: str = "") -> None:
        """Put a line on stderr, as it is."""
        self.talk.print(line, style=style or None, markup=False, highlight=False, soft_wrap=True)

    @property
    def width(self) -> int:
        """Return how wide a table may be."""
        return Console().width if sys.stdout.isatty() else TABLE_WIDTH

    def table(self, shown: RenderableType) -> None:
        """Print a table on stdout."""
        Console(width=None if sys.stdout.isatty() else TABLE_WIDTH).print(shown)


class NodeDesk(Desk):
    """The desk of verbs that are asked of a running node, wherever it is."""

    def __init__(self, tell: Callable[[TrinityError], str], node_of: NodeOf) -> None:
        super().__init__(tell)
        self._node_of = node_of

    def node(self, data_dir: Path | None, url: str, admin_key: str, operator: str = "") -> KnownNode:
        """Return the node that is meant; where the settings cannot be read, say so and leave with status 1."""
        with self.refusals_told():
            return self._node_of(data_dir, url, admin_key, operator)


def error_lines(error: Mapping[str, Any]) -> list[str]:
    """Return one thing that is wrong: the sentence, the place marked under the text, the evidence, what to do."""
    facts = error.get("facts", {})
    lines = [f"- {error['location']}: {error['message']}"]
    if facts.get("text") and facts.get("character"):
        lines += [f"    {facts['text']}", f"    {' ' * (facts['character'] - 1)}^"]
    if facts.get("was"):
        lines.append(f"    today: {facts['was']}    with this row: {facts['now']}")
    if facts.get("frame"):
        lines.append(f"    frame: {facts['frame']}")
    return [*lines, f"    {error['fix']}"]


def print_json(data: object) -> None:
    """Print data on stdout: in lines for a person, on one line for a program."""
    sys.stdout.write(json.dumps(data, indent=2 if sys.stdout.isatty() else None) + "\n")
