"""`beast lab`: the stand-ins alone, and the orders they take while they run."""

import asyncio
import contextlib
import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.live import Live
from rich.table import Table

from trinity_beast.clock import SystemClock
from trinity_beast.errors import TrinityError
from trinity_beast.lab.control import LabControl
from trinity_beast.lab.faults import CLEAR, FAULTS
from trinity_beast.lab.faults.spoken import options_of, parse_fault
from trinity_beast.lab.markets import open_market
from trinity_beast.lab.model import ControlAddress, LabAddresses
from trinity_beast.lab.orders import ask, known_lab
from trinity_beast.lab.service import Lab
from trinity_beast.randomness import SystemSecrets, dice
from trinity_beast.words import Venue

app = typer.Typer(name="lab", invoke_without_command=True, rich_markup_mode=None, pretty_exceptions_enable=False)
talk = Console(stderr=True)

Addresses = tuple[dict[Venue, LabAddresses], ControlAddress]

Json = Annotated[bool, typer.Option("--json", help="Print data as JSON.")]
LabFile = Annotated[Path | None, typer.Option("--lab", help="The file `beast lab --ready-file` wrote.")]
Control = Annotated[str, typer.Option("--control", help="The control address, when there is no such file.")]
Token = Annotated[str, typer.Option("--token", help="The control address's token.")]


@app.callback()
def run(
    context: typer.Context,
    *,
    market: Annotated[str, typer.Option(help="synthetic, or recorded:DIR with DIR holding VENUE/*.recv.jsonl.gz.")] = "synthetic",
    seed: Annotated[int, typer.Option(help="What a synthetic market is made from.")] = 1,
    port: Annotated[int, typer.Option(help="The first of the ports: control, then sockets and REST of each venue. 0 = choose.")] = 0,
    fault: Annotated[list[str] | None, typer.Option(help="A fault in force from the start: 'mute coinbase BTC-USD'. Repeatable.")] = None,
    ready_file: Annotated[Path | None, typer.Option(help="Write the addresses here, as JSON, once they answer.")] = None,
    as_json: Json = False,
) -> None:
    """Play exchanges on this machine, with faults on command, until Ctrl-C.

    Example: beast lab --seed 7 --ready-file lab.json --fault 'mute coinbase BTC-USD for_seconds=30'
    """
    if context.invoked_subcommand is not None:
        return
    with told_plainly():
        for order in fault or []:
            parse_fault(order)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(_play(market, seed, port, fault or [], lambda told: _announce(told, ready_file, as_json=as_json)))
        finally:
            if ready_file is not None:
                ready_file.unlink(missing_ok=True)


@contextlib.contextmanager
def told_plainly() -> Iterator[None]:
    """Turn a refusal into one sentence on stderr and the exit status of the contract: 2 for misuse, 1 for the rest."""
    try:
        yield
    except TrinityError as refusal:
        talk.print(str(refusal), style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(2 if refusal.status == 400 else 1) from refusal
    except OSError as error:
        talk.print(str(error), style="red", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error


async def _play(market: str, seed: int, port: int, faults: list[str], announce: Callable[[Addresses], None]) -> None:
    lab = Lab(open_market(market, seed=seed), SystemClock(), dice())
    control = LabControl(lab, SystemSecrets())
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    try:
        orders = await control.start(port=port)
        addresses = await lab.start(first_port=port + 1 if port else 0)
        for order in faults:
            await lab.fault(order)
        announce((addresses, orders))
        await _watch(lab, stopped)
    finally:
        await lab.stop()
        await control.stop()


def _announce(told: Addresses, ready_file: Path | None, *, as_json: bool) -> None:
    addresses, control = told
    facts = {"venues": {venue: asdict(of_venue) for venue, of_venue in addresses.items()}, "control": asdict(control)}
    if ready_file is not None:
        # The token is in it: for this user's eyes only, and never half written.
        draft = ready_file.with_name(ready_file.name + ".new")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(facts), encoding="utf-8")
        draft.replace(ready_file)
    if as_json:
        print(json.dumps(facts), flush=True)  # noqa: T201 - Data goes to stdout.
        return
    for venue, of_venue in addresses.items():
        print(f"{venue}\t{of_venue.ws_url}\t{of_venue.rest_url}", flush=True)  # noqa: T201 - Data goes to stdout.
    print(f"control\t{control.url}\t{control.token}", flush=True)  # noqa: T201 - Data goes to stdout.


async def _watch(lab: Lab, stopped: asyncio.Event) -> None:
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
        faults = ", ".join(venue.faults) or "no faults"
        told = f"{venue.trades_printed:,} trades", f"{venue.frames_sent:,} frames sent", faults
        table.add_row(venue.venue, f"{venue.connections} connections", f"{venue.symbols} symbols", *told)
    return table


@app.command("fault")
def order_fault(
    verb: Annotated[str, typer.Argument(help="What goes wrong; `beast lab faults` lists all. `clear` ends.")],
    venue: Annotated[str, typer.Argument(help="Where; `clear` without one ends all.")] = "",
    rest: Annotated[list[str] | None, typer.Argument(help="[SYMBOL] [option=value ...]")] = None,
    *,
    lab: LabFile = None,
    control: Control = "",
    token: Token = "",
    as_json: Json = False,
) -> None:
    """Order a fault of a running lab, or `clear` it, and print the faults now in force.

    Example: beast lab fault mute coinbase BTC-USD for_seconds=30 --lab lab.json
    """
    with told_plainly():
        order = " ".join(word for word in (verb, venue, *(rest or [])) if word)
        parse_fault(order)
        answer = ask(known_lab(lab, control, token), "POST", "/faults", {"order": order})
    _print_faults(answer["faults"], as_json=as_json)


def _print_faults(faults: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(faults))  # noqa: T201 - Data goes to stdout.
        return
    for fault in faults:
        options = fault["options"]
        assert isinstance(options, dict), "as the control door shapes it"
        own = " ".join(f"{name}={value}" for name, value in options.items() if value is not None)
        print("\t".join(str(part) for part in (fault["verb"], fault["venue"], fault["symbol"] or "*", own)))  # noqa: T201
    if not faults:
        talk.print("No faults are in force.")


@app.command("faults")
def list_faults(*, lab: LabFile = None, control: Control = "", token: Token = "", as_json: Json = False) -> None:
    """List every fault there is; with --lab or --control, those in force in a running lab.

    Example: beast lab faults
    """
    if lab is not None or control:
        with told_plainly():
            answer = ask(known_lab(lab, control, token), "GET", "/faults")
        _print_faults(answer["faults"], as_json=as_json)
        return
    known = {verb: {"does": str(kind.__doc__), "options": list(options_of(kind))} for verb, kind in sorted(FAULTS.items())}
    if as_json:
        print(json.dumps(known))  # noqa: T201 - Data goes to stdout.
        return
    for verb, facts in known.items():
        print(f"{verb}\t{', '.join(facts['options'])}\t{facts['does']}")  # noqa: T201 - Data goes to stdout.
    print(f"{CLEAR}\t\tEnds faults: all, one venue's, or those of one symbol there.")  # noqa: T201 - Data goes to stdout.
