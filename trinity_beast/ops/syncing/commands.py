"""`beast sync`: the shared cache brought into step, in this process."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from trinity_beast.errors import TrinityError
from trinity_beast.ops.syncing.model import Synced, Tell
from trinity_beast.web import AsJson, DataDir, Desk, print_json

RunSync = Callable[[Path | None, bool, Tell], Sequence[Synced]]
"""Runs a synchronisation for the node of a data folder: all anew or not, telling how far it is."""


def add_sync_verb(app: typer.Typer, run: RunSync, tell: Callable[[TrinityError], str] = str) -> None:
    """Add `sync` to the verbs."""
    desk = Desk(tell)

    @app.command(epilog="Example: beast sync --full")
    def sync(
        *,
        full: Annotated[bool, typer.Option("--full", help="Put everything there anew, as FORCE_FULL_SYNC=true does.")] = False,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Bring the shared cache into step with the database: usage rows that are new, keys, parameters.

        Every night at 6:00 UTC, which is 1 AM EST, a node does so by itself. Killed, it goes on where it was.
        """
        with Shown(desk) as shown, desk.refusals_told():
            done = run(data_dir, full, shown.tell)
        if as_json:
            print_json([{"step": each.name, **each.counts, "seconds": round(each.seconds, 3)} for each in done])
        else:
            desk.table(_table(done))


class Shown(Progress):
    """A bar for each step that takes its time."""

    def __init__(self, desk: Desk) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f} of {task.total:,.0f}"))
        super().__init__(*columns, TimeRemainingColumn(), console=desk.talk, transient=True)
        self._bars: dict[str, TaskID] = {}

    def tell(self, step: str, done: int, of: int) -> None:
        """Move a step's bar."""
        if step not in self._bars:
            self._bars[step] = self.add_task(step, total=of)
        self.update(self._bars[step], completed=done, total=of)


def _table(done: Sequence[Synced]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("step")
    table.add_column("came to")
    table.add_column("s", justify="right")
    for each in done:
        table.add_row(each.name, ", ".join(f"{count:,} {name}" for name, count in each.counts.items()), f"{each.seconds:.3f}")
    return table
