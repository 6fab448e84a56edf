"""`beast doctor`: what is wrong with this machine, and what mends it."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.ops.doctor.machine import Machine
from trinity_beast.ops.doctor.model import Diagnosis, Standing, exit_code
from trinity_beast.ops.doctor.service import Doctor, Premises
from trinity_beast.web import AsJson, ConfigFile, DataDir, Desk, print_json

STYLES = {Standing.GOOD: "green", Standing.WEAK: "yellow", Standing.WRONG: "bold red", Standing.UNSEEN: "dim"}
PremisesOf = Callable[[Path | None, Path | None], Premises]
"""What the node of a data folder and a file of settings is set to stand on."""


def doctor_verb(app: typer.Typer, premises: PremisesOf, clock: Clock, tell: Callable[[TrinityError], str]) -> None:
    """Add `doctor` to the verbs."""

    @app.command(epilog="Example: beast doctor --strict --json")
    def doctor(
        *,
        data_dir: DataDir = None,
        config: ConfigFile = None,
        strict: Annotated[bool, typer.Option("--strict", help="End with status 1 also where something is weak.")] = False,
        as_json: AsJson = False,
    ) -> None:
        """Look at everything a node stands on here, change nothing, and say what mends whatever is not good.

        Ends with status 1 when something is wrong.
        """
        desk = Desk(tell)
        with desk.refusals_told():
            examined = Doctor(premises(data_dir, config), clock, Machine(), tell=tell)
            with desk.talk.status("Looking") as shown:
                found = asyncio.run(examined.examine(lambda one: shown.update(f"Looked at {one.check}")))
        if as_json:
            print_json({"diagnoses": [asdict(each) for each in found]})
        else:
            desk.table(_table(found))
            desk.say(_summary(found))
        raise typer.Exit(exit_code(found, is_strict=strict))


def _table(found: list[Diagnosis]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "found"):
        table.add_column(heading, overflow="fold")
    for each in found:
        told = Text(each.found)
        if each.fix:
            told.append(f"\n{each.fix}", style="cyan")
        table.add_row(Text(each.standing.value, style=STYLES[each.standing]), each.check, told)
    return table


def _summary(found: list[Diagnosis]) -> str:
    counts = {standing: sum(each.standing is standing for each in found) for standing in Standing}
    told = ", ".join(f"{count} {standing.value}" for standing, count in counts.items() if count)
    return f"{len(found)} looks: {told}."
