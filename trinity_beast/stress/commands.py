"""`beast stress`: how many callers a node stands, how fast, and what it says when it cannot."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.live import Live

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.randomness import SecretSource
from trinity_beast.stress.crew import Crew, Stopped
from trinity_beast.stress.errors import StressPlanInvalid
from trinity_beast.stress.generator import Generator
from trinity_beast.stress.joined import Coordinator
from trinity_beast.stress.joined.commands import add_worker_verb, listening_at
from trinity_beast.stress.kept.commands import Html, add_report_verbs, stored, write_page
from trinity_beast.stress.levels import CONNECTIONS_MAX, LEVELS, read_levels
from trinity_beast.stress.model import Progress, Step, Way
from trinity_beast.stress.report import Report, StepReport
from trinity_beast.stress.service import Stress, Wanted, Watching
from trinity_beast.stress.table import progress_table, report_table
from trinity_beast.stress.targets import read_target
from trinity_beast.stress.telling import summary
from trinity_beast.stress.terminal import refusals_told, say, told_to_stop
from trinity_beast.web import AdminKey, DataDir, Desk, NodeOf, Operator, Url
from trinity_beast.words import Asset

TOKEN_CHARACTERS = 22
LEVELS_TOLD = ",".join(map(str, LEVELS))
TABLE_WIDTH = 160
"""How wide tables are where nobody looks at them on a terminal."""

AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON, for programs.")]
Targets = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[TARGET]...", help="http://HOST:PORT, with a path or without, or udp://HOST:PORT. Default: the node here, over both."
    ),
]
Levels = Annotated[str, typer.Option(help="How many requests at once, level by level.")]
Seconds = Annotated[float, typer.Option(min=0.1, max=604_800, help="How long each level counts.")]
Warm = Annotated[float, typer.Option(min=0, max=3_600, help="How long each level is asked before it counts.")]
Timeout = Annotated[float, typer.Option(min=0.01, max=600, help="How long an answer may take.")]
Rate = Annotated[
    float | None,
    typer.Option(
        min=0.001, max=1e9, help="Requests a second by the clock, over all callers. Left out, each asks again when it is answered."
    ),
]
Pipeline = Annotated[int, typer.Option(min=1, max=1_024, help="Requests in flight on each connection.")]
ConnectionsMax = Annotated[
    int, typer.Option(min=1, max=1_000_000, help="Connections at most; a level beyond them has more requests in flight on each.")
]
KeepAlive = Annotated[bool, typer.Option("--keep-alive/--no-keep-alive", help="Use a connection again, or make one for each request.")]
OnWire = Annotated[
    int,
    typer.Option(min=1, max=1_000_000, help="Datagrams on the wire at once; callers beyond them wait their turn, and their wait counts."),
]
Sockets = Annotated[int, typer.Option(min=1, max=1_024, help="Sockets that each thread sends datagrams from.")]
Threads = Annotated[int, typer.Option(min=0, max=64, help="Threads of each client; 0: one for each two processors.")]
KeyOption = Annotated[
    list[str] | None,
    typer.Option(
        "--key", envvar="BEAST_STRESS_KEY", help="The key to ask with; several are taken in turn. Better left to BEAST_STRESS_KEY."
    ),
]
KeyFile = Annotated[Path | None, typer.Option(help="A file with a key in each line.")]
Assets = Annotated[str, typer.Option(help="The assets asked for in turn, with commas between.")]
Mine = Annotated[
    list[str] | None, typer.Option(metavar="HOST", help="A host beyond this machine that is yours to load. Others are refused.")
]
Name = Annotated[str, typer.Option(help="What the report is called.")]
Clients = Annotated[int, typer.Option(min=0, max=64, help="Clients to wait for, who ask in place of this process. 0: this process asks.")]
Listen = Annotated[str, typer.Option(metavar="HOST:PORT", help="Where clients join. What they are told, keys too, is not encrypted.")]
Store = Annotated[bool, typer.Option("--store", help="Have the node at --url keep the report.")]


@dataclass(frozen=True, slots=True)
class Means:
    """What the verbs are made with."""

    clock: Clock
    secrets: SecretSource
    node_of: NodeOf
    here: Callable[[Path | None], Sequence[str]]
    """The targets of the node whose data folder that is."""
    tell: Callable[[TrinityError], str] = str
    """Puts a refusal into words."""


def stress_app(means: Means) -> typer.Typer:
    """Return the `stress` verbs."""
    app = typer.Typer(name="stress", help="Load a node of yours, level by level, and tell what it stands.", no_args_is_help=True)
    talk = Console(stderr=True)

    @app.callback()
    def about() -> None:
        """Load a node of yours, level by level, and tell what it stands."""

    @app.command(epilog="Example: beast stress run udp://127.0.0.1:2679 --levels 30,300,3000 --seconds 5 --key-file stress.key")
    def run(
        targets: Targets = None,
        *,
        levels: Levels = LEVELS_TOLD,
        seconds: Seconds = 10.0,
        warm: Warm = 1.0,
        timeout: Timeout = 5.0,
        rate: Rate = None,
        pipeline: Pipeline = 1,
        connections_max: ConnectionsMax = CONNECTIONS_MAX,
        keep_alive: KeepAlive = True,
        on_wire: OnWire = 4_096,
        sockets: Sockets = 8,
        threads: Threads = 0,
        key: KeyOption = None,
        key_file: KeyFile = None,
        assets: Assets = "BTC",
        mine: Mine = None,
        name: Name = "stress",
        clients: Clients = 0,
        listen: Listen = "127.0.0.1:0",
        html: Html = None,
        store: Store = False,
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Take every target through every level. Ctrl-C ends it with the report so far.

        No limit holds back a key of `beast keys issue --tier internal --name stress`.
        """
        way = Way(
            seconds=seconds, warm_seconds=warm, timeout_seconds=timeout, rate=rate, depth=pipeline, connections_max=connections_max,
            keeps_alive=keep_alive, on_wire=on_wire, sockets=sockets, threads=threads or _threads(),
        )  # fmt: skip
        with refusals_told(talk, means.tell):
            wanted = Wanted(
                name=name,
                targets=[read_target(target) for target in targets or means.here(data_dir)],
                levels=_levels(levels),
                way=way,
                keys=_keys(key, key_file),
                assets=[Asset(asset) for asset in assets.replace(",", " ").split()],
            )
            generator = Generator(means.clock, mine or ())
            with told_to_stop() as stopped:
                crew = gathered(clients, listen, means, talk, stopped) if clients else generator
                report = taken(crew, means.clock, wanted, talk, stopped)
            print_report(report, talk, as_json=as_json)
            if html is not None:
                write_page(report, html)
            if store:
                stored(report, means.node_of(data_dir, url, admin_key, operator), Desk(means.tell))
        raise typer.Exit(0 if report.is_complete else 1)

    add_worker_verb(app, means.clock, means.tell)
    add_report_verbs(app, means.node_of, means.tell)

    return app


def gathered(clients: int, listen: str, means: Means, talk: Console, stopped: Stopped) -> Crew:
    """Wait for clients to join, telling how; told to stop meanwhile, leave."""
    coordinator = Coordinator.listening(*listening_at(listen), means.clock)
    token = means.secrets.base62(TOKEN_CHARACTERS)
    say(talk, f"Waiting for {clients} clients. Start each with:")
    say(talk, f"  beast stress worker --join {coordinator.url} --token {token}")
    if not coordinator.gather(clients, token, joined=lambda name, count: say(talk, f"{count} of {clients}: {name}"), stopped=stopped):
        coordinator.close()
        raise typer.Exit(1)
    return coordinator


def taken(crew: Crew, clock: Clock, wanted: Wanted, talk: Console, stopped: Stopped) -> Report:
    """Take a stress test, shown while it runs, and return its report."""
    with Live(console=talk, auto_refresh=False, transient=True) as live:
        under_way: list[tuple[Step, int, int]] = []

        def begins(step: Step, number: int, count: int) -> None:
            under_way[:] = [(step, number, count)]

        def stands(progress: Progress) -> None:
            if talk.is_terminal:
                step, number, count = under_way[0]
                whole = step.way.warm_seconds + step.way.seconds
                live.update(progress_table(step, number, count, progress, progress.seconds / whole), refresh=True)

        def ends(step: StepReport) -> None:
            if not talk.is_terminal:
                say(talk, f"{step.target}: {step.concurrent:,} at once, {step.per_second:,.0f} good answers a second")

        try:
            return Stress(crew, clock).run(wanted, watching=Watching(begins, stands, ends), stopped=stopped)
        finally:
            crew.close()


def print_report(report: Report, talk: Console, *, as_json: bool) -> None:
    """Print a report: its table on stdout and its summary on stderr, or all of it as JSON."""
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=2 if sys.stdout.isatty() else None) + "\n")
        return
    Console(width=None if sys.stdout.isatty() else TABLE_WIDTH).print(report_table(report))
    for line in summary(report):
        say(talk, line)


def _threads() -> int:
    return max(1, len(os.sched_getaffinity(0)) // 2)


def _levels(text: str) -> Sequence[int]:
    try:
        return read_levels(text)
    except ValueError as error:
        raise StressPlanInvalid(reason=str(error)) from error


def _keys(keys: Sequence[str] | None, file: Path | None) -> Sequence[str]:
    if file is None:
        return [word for key in keys or () for word in key.split()]
    try:
        return file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeError) as error:
        raise StressPlanInvalid(reason=f"{file} cannot be read: {error}") from error
