"""`beast rehearse`: prove, by causing every fault there is, that no answer marked usable is older or less certain than it says."""

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer
import uvloop
from rich.console import Console
from rich.live import Live

from trinity_beast.errors import TrinityError
from trinity_beast.rehearsal.conductor import Conductor
from trinity_beast.rehearsal.feeds import FeedsWanted, rehearse_feeds
from trinity_beast.rehearsal.growth import Vitals
from trinity_beast.rehearsal.meter.meter import MeterWanted, Watching, rehearse_meter
from trinity_beast.rehearsal.meter.plan import Blow
from trinity_beast.rehearsal.meter.report import MeterReport, meter_table, summary
from trinity_beast.rehearsal.progress import growth_table, progress_table, vitals_line, vitals_table
from trinity_beast.rehearsal.report import FeedsReport, feeds_table
from trinity_beast.rehearsal.sampler import Sampler
from trinity_beast.rehearsal.soak import VITALS_SECONDS, SoakReport, SoakWanted
from trinity_beast.rehearsal.soak import soak as run_soak
from trinity_beast.rehearsal.stage import Means
from trinity_beast.web import AsJson

T = TypeVar("T")
LINES_EVERY = 12
"""A soak that nobody watches says how it stands each so many times it looked at the node."""
TABLE_WIDTH = 140
"""How wide tables are where nobody looks at them on a terminal."""

Venues = Annotated[str, typer.Option(help="Only these exchanges, with commas between.")]
Faults = Annotated[str, typer.Option(help="Only these faults, with commas between; `beast lab faults` lists all.")]
Seed = Annotated[int, typer.Option(help="What the market, the order of the faults and the symbols hit are drawn from.")]
Steps = Annotated[int | None, typer.Option("--steps", min=1, help="At most so many steps at each exchange.")]


class Way(StrEnum):
    """By which carrier usage travels."""

    SQS = "sqs"
    LOCAL = "local"


def rehearse_app(means: Means, tell: Callable[[TrinityError], str] = str) -> typer.Typer:
    """Return the `rehearse` verbs. `tell` puts a refusal into words."""
    app = typer.Typer(name="rehearse", help="Cause every fault there is, and judge every answer.", no_args_is_help=True)
    talk = Console(stderr=True)

    @app.callback()
    def about() -> None:
        """Cause every fault there is, and judge every answer."""

    @app.command(epilog="Example: beast rehearse feeds --venues coinbase,kraken --faults mute,freeze --seed 7")
    def feeds(*, venues: Venues = "", faults: Faults = "", seed: Seed = 1, steps: Steps = None, as_json: AsJson = False) -> None:
        """Let every fault happen to a node's feeds, and judge all it answers by what was truly traded. About eight minutes."""
        wanted = FeedsWanted(_words(venues), _words(faults), seed, steps)
        with _refusals_told(talk, tell), Live(console=talk, auto_refresh=False, transient=True) as live:

            def changed(conductor: Conductor, sampler: Sampler) -> None:
                if talk.is_terminal:
                    live.update(progress_table(conductor, sampler), refresh=True)

            report = _run(rehearse_feeds(wanted, means, changed=changed))
        _print_feeds(report, talk, as_json=as_json)
        raise typer.Exit(0 if report.has_passed else 1)

    @app.command(epilog="Example: beast rehearse soak --minutes 60 --seed 7 --json > soak.json")
    def soak(
        *,
        minutes: Annotated[float, typer.Option(min=0.5, max=10_080, help="How long faults go on.")] = 60.0,
        venues: Venues = "",
        seed: Seed = 1,
        as_json: AsJson = False,
    ) -> None:
        """Let random faults happen for a long time; judge every answer, and whether memory, tasks, sockets or files grow."""
        with _refusals_told(talk, tell), Live(console=talk, auto_refresh=False, transient=True) as live:

            def measured(vitals: Vitals, conductor: Conductor) -> None:
                if talk.is_terminal:
                    live.update(vitals_table(vitals, conductor, minutes), refresh=True)
                elif round(vitals.seconds / VITALS_SECONDS) % LINES_EVERY == 0:
                    talk.print(vitals_line(vitals, conductor), markup=False, highlight=False, soft_wrap=True)

            report = _run(run_soak(SoakWanted(minutes, _words(venues), seed), means, measured=measured))
        _print_soak(report, talk, as_json=as_json)
        raise typer.Exit(0 if report.has_passed else 1)

    @app.command(epilog="Example: beast rehearse meter --seconds 120 --runs 20 --seed 7 --json > meter.json")
    def meter(
        *,
        seconds: Annotated[float, typer.Option(min=3, max=86_400, help="How long processes die under load, each run.")] = 120.0,
        runs: Annotated[int, typer.Option(min=1, max=10_000, help="How many runs, each of the next seed.")] = 1,
        seed: Seed = 1,
        carrier: Annotated[
            Way, typer.Option(help="How usage is stored: through a queue by two writers, or by each node itself.")
        ] = Way.SQS,
        one_site: Annotated[
            bool,
            typer.Option("--one-site", help="Have all runs at one site, one after the other: each counts what those before left, too."),
        ] = False,
        valkey: Annotated[
            Path | None, typer.Option(help="The Valkey server to run. Default: valkey-server or redis-server on the PATH.")
        ] = None,
        as_json: AsJson = False,
    ) -> None:
        """Kill nodes, writers and servers at random under load; then every answered request must be counted exactly once."""
        reports: list[MeterReport] = []
        watching = Watching(lambda blow: _say_blow(talk, blow), lambda report: _print_meter(report, talk, as_json=as_json))
        at_once = runs if one_site else 1
        with _refusals_told(talk, tell):
            for first in range(seed, seed + runs, at_once):
                wanted = MeterWanted(seconds, first, by_queue=carrier is Way.SQS, runs=at_once, valkey_server=valkey)
                reports += _run(rehearse_meter(wanted, means, watching=watching))
        passed = sum(report.has_passed for report in reports)
        if as_json:
            told = {"passed": passed == runs, "runs_passed": passed, "runs": [report.as_json() for report in reports]}
            sys.stdout.write(json.dumps(told, indent=2 if sys.stdout.isatty() else None) + "\n")
        elif runs > 1:
            talk.print(f"{passed} of {runs} runs passed.", highlight=False)
        raise typer.Exit(0 if passed == runs else 1)

    return app


def _say_blow(talk: Console, blow: Blow) -> None:
    if talk.is_terminal:
        talk.print(f"{blow.at_seconds:6.1f} s  kill -9 {blow.victim}, down for {blow.down_seconds:.1f} s", highlight=False)


def _run(work: Coroutine[None, None, T]) -> T:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(_until_told(work))
        except asyncio.CancelledError as error:
            raise typer.Exit(1) from error


async def _until_told(work: Coroutine[None, None, T]) -> T:
    """Do the work. SIGTERM ends it in order, as Ctrl-C does: else the node would be left running, and its folder lying."""
    task = asyncio.current_task()
    assert task is not None, "a runner runs a task"
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.replace(",", " ").split())


@contextlib.contextmanager
def _refusals_told(talk: Console, tell: Callable[[TrinityError], str]) -> Iterator[None]:
    """Turn a refusal into one sentence on stderr and the exit status of the contract: 2 for misuse, 1 for the rest."""
    try:
        yield
    except* TrinityError as group:
        refusal = _first(group)
        talk.print(tell(refusal), style="red", highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(1 if refusal.status >= 500 else 2) from refusal


def _first(group: BaseExceptionGroup[TrinityError]) -> TrinityError:
    """Return the first refusal of a group, however deep it lies."""
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


def _print_feeds(report: FeedsReport, talk: Console, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), indent=2 if sys.stdout.isatty() else None) + "\n")
        return
    Console(width=None if sys.stdout.isatty() else TABLE_WIDTH).print(feeds_table(report))
    for problem in [*report.problems, *(f"{row.name} of a {row.reach}: {each}" for row in report.rows for each in row.problems)]:
        talk.print(problem, style="red", markup=False, highlight=False, soft_wrap=True)
    for finding in report.total.evidence:
        talk.print(str(finding), style="red", markup=False, highlight=False, soft_wrap=True)
    for line in _summary(report):
        talk.print(line, markup=False, highlight=False, soft_wrap=True)


def _print_soak(report: SoakReport, talk: Console, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(report.as_json(), indent=2 if sys.stdout.isatty() else None) + "\n")
        return
    Console(width=None if sys.stdout.isatty() else TABLE_WIDTH).print(growth_table(report.growths))
    for line in [*report.problems, *map(str, report.total.evidence)]:
        talk.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
    judged = sum(report.total.judged.values())
    told = f"{report.seconds / 60:.0f} minutes, {report.faults} faults, {judged:,} prices judged, {report.total.wrong_count} wrong but OK."
    talk.print(f"Seed {report.seed}. {told} {'Passed.' if report.has_passed else 'Failed.'}", markup=False, highlight=False, soft_wrap=True)


def _print_meter(report: MeterReport, talk: Console, *, as_json: bool) -> None:
    if not as_json:
        Console(width=None if sys.stdout.isatty() else TABLE_WIDTH).print(meter_table(report))
    for problem in (*report.verdict.problems, *report.problems):
        talk.print(problem, style="red", markup=False, highlight=False, soft_wrap=True)
    talk.print(summary(report), markup=False, highlight=False, soft_wrap=True)


def _summary(report: FeedsReport) -> list[str]:
    judged = ", ".join(f"{count:,} over {protocol}" for protocol, count in report.total.judged.items())
    unprovable = ", ".join(f"{count:,} of {why}" for why, count in report.total.unprovable.items()) or "none"
    return [
        f"{len(report.venues)} exchanges, seed {report.seed}, {report.seconds:.0f} s.",
        f"Prices judged: {judged}; refused: {report.total.refused:,}.",
        f"Wrong but OK: {report.total.wrong_count}. Not provable by anybody: {unprovable}.",
        "Windows were shortened: " + " ".join(f"{name}={value:g}" for name, value in report.parameters.items()),
        "Passed." if report.has_passed else f"Failed. Again: beast rehearse feeds --seed {report.seed}",
    ]
