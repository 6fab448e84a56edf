"""`beast lab`: the stand-ins alone, and the orders they take while they run."""

import asyncio
import contextlib
import json
import random
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.live import Live
from rich.table import Table

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.lab.control import LabControl
from trinity_beast.lab.faults import CLEAR, FAULTS, parse_fault
from trinity_beast.lab.faults.spoken import options_of
from trinity_beast.lab.markets import open_market
from trinity_beast.lab.model import ControlAddress, LabAddresses
from trinity_beast.lab.orders import ask, known_lab
from trinity_beast.lab.ready_file import facts_of, write_ready_file
from trinity_beast.lab.service import Lab
from trinity_beast.randomness import SecretSource
from trinity_beast.web import AsJson
from trinity_beast.words import Venue

LabFile = Annotated[Path | None, typer.Option("--lab", help="The file `beast lab --ready-file` wrote.")]
Control = Annotated[str, typer.Option("--control", help="The control address, when there is no such file.")]
Token = Annotated[str, typer.Option("--token", help="The control address's token.")]
MarketWords = Annotated[str, typer.Option(help="synthetic, or recorded:DIR with DIR holding VENUE/*.recv.jsonl.gz.")]
Seed = Annotated[int, typer.Option(help="What a synthetic market is made from.")]
FirstPort = Annotated[
    int, typer.Option("--port", min=0, max=65_500, help="The first port: control, then sockets and REST of each venue. 0 = choose.")
]
FaultsAtFirst = Annotated[list[str] | None, typer.Option("--fault", help="In force from the start: 'mute coinbase BTC-USD'. Repeatable.")]
ReadyFile = Annotated[Path | None, typer.Option(help="Write the addresses here, as JSON, once they answer; gone when the lab ends.")]

Told = tuple[dict[Venue, LabAddresses], ControlAddress]


def lab_app(clock: Clock, secrets: SecretSource, dice: random.Random, tell: Callable[[TrinityError], str] = str) -> typer.Typer:
    """Return the `lab` verbs. `tell` puts a refusal into words."""
    app = typer.Typer(name="lab", help="Exchanges on this machine, to rehearse with.", invoke_without_command=True)
    talk = Console(stderr=True)

    @app.callback(epilog="Example: beast lab --seed 7 --ready-file lab.json --fault 'mute coinbase BTC-USD for_seconds=30'")
    def run(
        context: typer.Context,
        *,
        market: MarketWords = "synthetic",
        seed: Seed = 1,
        port: FirstPort = 0,
        fault: FaultsAtFirst = None,
        ready_file: ReadyFile = None,
        as_json: AsJson = False,
    ) -> None:
        """Play exchanges on this machine, with faults on command, until Ctrl-C."""
        if context.invoked_subcommand is not None:
            return
        orders = fault or []
        with _refusals_told(talk, tell), _gone_at_the_end(ready_file):
            for order in orders:
                parse_fault(order)
            lab = Lab(open_market(market, seed=seed), clock, dice)
            control = LabControl(lab, secrets)
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_play(lab, control, port, orders, lambda told: _announce(told, ready_file, as_json=as_json), talk=talk))

    @app.command("fault", epilog="Example: beast lab fault mute coinbase BTC-USD for_seconds=30 --lab lab.json")
    def order_fault(
        verb: Annotated[str, typer.Argument(help="What goes wrong; `beast lab faults` lists all. `clear` ends.")],
        venue: Annotated[str, typer.Argument(help="Where; `clear` without one ends all.")] = "",
        rest: Annotated[list[str] | None, typer.Argument(help="[SYMBOL] [option=value ...]")] = None,
        *,
        lab: LabFile = None,
        control: Control = "",
        token: Token = "",
        as_json: AsJson = False,
    ) -> None:
        """Order a fault of a running lab, or `clear` it, and print the faults now in force."""
        order = " ".join(word for word in (verb, venue, *(rest or [])) if word)
        with _refusals_told(talk, tell):
            parse_fault(order)
            answer = ask(known_lab(lab, control, token), "POST", "/faults", {"order": order})
        _print_faults(answer["faults"], talk, as_json=as_json)

    @app.command("faults", epilog="Example: beast lab faults")
    def list_faults(*, lab: LabFile = None, control: Control = "", token: Token = "", as_json: AsJson = False) -> None:
        """List every fault there is; with --lab or --control, those in force in a running lab."""
        if lab is None and not control:
            _print_all_faults(as_json=as_json)
            return
        with _refusals_told(talk, tell):
            answer = ask(known_lab(lab, control, token), "GET", "/faults")
        _print_faults(answer["faults"], talk, as_json=as_json)

    return app


@contextlib.contextmanager
def _refusals_told(talk: Console, tell: Callable[[TrinityError], str]) -> Iterator[None]:
    """Turn a refusal into one sentence on stderr and the exit status of the contract: 2 for misuse, 1 for the rest."""
    try:
        yield
    except TrinityError as refusal:
        talk.print(tell(refusal), style="red", highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(1 if refusal.status >= 500 else 2) from refusal
    except OSError as error:
        talk.print(str(error), style="red", highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(1) from error


@contextlib.contextmanager
def _gone_at_the_end(path: Path | None) -> Iterator[None]:
    """Remove the file when the lab has ended: an address that answers no more misleads."""
    try:
        yield
    finally:
        if path is not None:
            path.unlink(missing_ok=True)


async def _play(lab: Lab, control: LabControl, port: int, orders: list[str], announce: Callable[[Told], None], *, talk: Console) -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        door = await control.start(port=port)
        addresses = await lab.start(first_port=port + 1 if port else 0)
        for order in orders:
            await lab.fault(order)
        announce((addresses, door))
        await _watch(lab, stopped, talk)
    finally:
        await lab.stop()
        await control.stop()


def _announce(told: Told, ready_file: Path | None, *, as_json: bool) -> None:
    addresses, control = told
    if ready_file is not None:
        write_ready_file(ready_file, addresses, control)
    if as_json:
        typer.echo(json.dumps(facts_of(addresses, control)))
        return
    for venue, of_venue in addresses.items():
        typer.echo(f"{venue}\t{of_venue.ws_url}\t{of_venue.rest_url}")
    typer.echo(f"control\t{control.url}\t{control.token}")


async def _watch(lab: Lab, stopped: asyncio.Event, talk: Console) -> None:
    """Keep a line about each venue on a terminal until told to stop; on anything else just wait."""
    if not talk.is_terminal:
        await stopped.wait()
        return
    with Live(console=talk, auto_refresh=False) as live:
        while not stopped.is_set():
            live.update(_status(lab), refresh=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopped.wait(), 1.0)


def _status(lab: Lab) -> Table:
    table = Table.grid(padding=(0, 2))
    for venue in lab.statuses():
        told = f"{venue.trades_printed:,} trades", f"{venue.frames_sent:,} frames sent", ", ".join(venue.faults) or "no faults"
        table.add_row(venue.venue, f"{venue.connections} connections", f"{venue.symbols} symbols", *told)
    return table


def _print_faults(faults: list[dict[str, object]], talk: Console, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(faults))
        return
    for fault in faults:
        options = fault["options"]
        assert isinstance(options, dict), "as the control door shapes it"
        own = " ".join(f"{name}={value}" for name, value in options.items() if value is not None)
        typer.echo("\t".join(str(part) for part in (fault["verb"], fault["venue"], fault["symbol"] or "*", own)))
    if not faults:
        talk.print("No faults are in force.")


def _print_all_faults(*, as_json: bool) -> None:
    known = {verb: {"does": str(kind.__doc__), "options": list(options_of(kind))} for verb, kind in sorted(FAULTS.items())}
    if as_json:
        typer.echo(json.dumps(known))
        return
    for verb, facts in known.items():
        typer.echo(f"{verb}\t{', '.join(facts['options'])}\t{facts['does']}")
    typer.echo(f"{CLEAR}\t\tEnds faults: all, one venue's, or those of one symbol there.")
