"""`beast` as a shell has it, without its process: words and settings in, what is printed and the exit status out.

A program of its own takes seconds to start. That it does start, and ends as it should, is tested in `tests/readme`.
"""

import json
import os
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from trinity_beast.cli import beast as program
from trinity_beast.settings import child_environment


@dataclass(frozen=True, slots=True)
class Ended:
    """A verb that has ended."""

    returncode: int
    stdout: str
    stderr: str


def beast(*words: object, given: str = "", **settings: str) -> Ended:
    """Run a verb with these words, `given` on stdin and no settings but these. What it does not catch is raised.

    Where a loop runs, call it in a thread: verbs have loops of their own.
    """
    environment = child_environment(settings)
    overlay = {name: environment.get(name) for name in {*os.environ, *environment}}
    told = CliRunner().invoke(program, [str(word) for word in words], input=given, env=overlay)
    if told.exception is not None and not isinstance(told.exception, SystemExit):
        raise told.exception
    return Ended(told.exit_code, told.stdout, told.stderr)


def done(*words: object, given: str = "", **settings: str) -> Any:
    """Run a verb that has to succeed, and return the JSON it prints."""
    told = beast(*words, "--json", given=given, **settings)
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)
