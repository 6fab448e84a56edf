"""`beast stress worker`: one of many clients of a stress test."""

import os
import platform
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.stress.errors import StressPlanInvalid
from trinity_beast.stress.generator import Generator
from trinity_beast.stress.joined.worker import Worker
from trinity_beast.stress.terminal import refusals_told, say, told_to_stop

Mine = Annotated[
    list[str] | None, typer.Option(metavar="HOST", help="A host beyond this machine that is yours to load. Others are refused.")
]
Token = Annotated[
    str, typer.Option(envvar="BEAST_STRESS_TOKEN", help="What `beast stress run --clients` printed. May be left to BEAST_STRESS_TOKEN.")
]


def add_worker_verb(app: typer.Typer, clock: Clock, tell: Callable[[TrinityError], str] = str) -> None:
    """Add to the `stress` verbs the one that joins."""
    talk = Console(stderr=True)

    @app.command(epilog="Example: beast stress worker --join tcp://127.0.0.1:7000 --token TOKEN --mine prices.example")
    def worker(
        *,
        join: Annotated[str, typer.Option(metavar="URL", help="Where the coordinator listens: tcp://HOST:PORT.")],
        token: Token,
        mine: Mine = None,
    ) -> None:
        """Ask with others, as `beast stress run --clients` on one of the machines says; leave when it is over.

        Who coordinates cannot make this machine ask anybody: hosts beyond it are named here, with --mine.
        """
        with refusals_told(talk, tell), told_to_stop() as stopped:
            client = Worker(Generator(clock, mine or ()), clock)
            wire, welcome = client.join(join, token=token, name=f"{platform.node()}:{os.getpid()}")
            say(talk, f"Joined as client {welcome.client} of {welcome.clients}.")
            taken = client.serve(wire, stopped=stopped)
        say(talk, f"Took {taken} steps.")


def listening_at(text: str) -> tuple[str, int]:
    """Read `HOST:PORT`.

    Raises:
        StressPlanInvalid: it is none.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise StressPlanInvalid(reason=f"{text[:100]!r} is no HOST:PORT")
    return host.removeprefix("[").removesuffix("]"), int(port)
