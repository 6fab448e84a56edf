"""`beast reconcile`: whether every answered request is accounted for exactly once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.storage import Database, Whereabouts, reached
from trinity_beast.usage.reconciling.model import Reconciled, Sought
from trinity_beast.usage.reconciling.service import Reconciler
from trinity_beast.usage.reconciling.told import reconciled_told
from trinity_beast.web import AsJson, Desk, KnownNode, print_json

STATEMENT_SECONDS, TRANSACTION_SECONDS = 3_600.0, 4 * 3_600.0
"""Every row is read: a month of them takes as long as it takes."""
SPANS_SHOWN = 3

Whose = tuple[Path, str]
"""A spool and the name of its node."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How the verb finds what it compares: the database, each data folder's spool, and a running node."""

    whereabouts: Callable[[Path | None], Whereabouts]
    spool_of: Callable[[Path | None], Whose]
    node_of: Callable[[Path | None, str, str, str], KnownNode]
    clock: Clock


def reconcile_verb(app: typer.Typer, ways: Ways, tell: Callable[[TrinityError], str] = str) -> None:
    """Add `reconcile` to the verbs. `tell` puts a refusal into words."""
    desk = Desk(tell)

    @app.command(
        epilog="Example: beast reconcile --day 2026-11-20    or, of what a running node holds: beast reconcile --url http://127.0.0.1:8080"
    )
    def reconcile(
        *,
        day: Annotated[
            str | None, typer.Option(help="Only this UTC day, such as 2026-11-20. Default: every day whose rows are kept.")
        ] = None,
        node: Annotated[str, typer.Option(help="Only the lanes of this node.")] = "",
        data_dir: Annotated[
            list[Path] | None,
            typer.Option(help="A node's data folder; again for more, as all nodes of one machine. Default: BEAST_DATA_DIR, or ./data."),
        ] = None,
        url: Annotated[str, typer.Option(help="Ask the node that answers here instead: it compares its engine's counters too.")] = "",
        admin_key: Annotated[str, typer.Option("--admin-key", help="The admin key for --url. Better left to ADMIN_KEY.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Compare spool, stored rows, counters of keys and sums by day, and print all that differs. Ends with 1 when anything does."""
        sought = Sought(None if day is None else _day(day), node)
        if url:
            asked = ways.node_of(None, url, admin_key, "")
            told = desk.ask(lambda: asked.get("/admin/usage/reconcile", day=sought.day, node=node or None), "Comparing")
        else:
            with desk.refusals_told(), desk.talk.status("Comparing"):
                told = _compared(ways, sought, data_dir or [])
        if as_json:
            print_json(told)
        else:
            _print(told, desk)
        raise typer.Exit(0 if told["even"] else 1)


def _compared(ways: Ways, sought: Sought, data_dirs: list[Path]) -> dict[str, Any]:
    async def work() -> Reconciled:
        whose = [ways.spool_of(data_dir) for data_dir in data_dirs] or [ways.spool_of(None)]
        async with reached(ways.whereabouts(data_dirs[0] if data_dirs else None), clock=ways.clock) as (_, found):
            database = Database(
                found.url, connections_max=1, statement_seconds=STATEMENT_SECONDS, transaction_seconds=TRANSACTION_SECONDS
            )  # fmt: skip
            try:
                nodes = [name for _, name in whose if name]
                return await Reconciler(database, [spool for spool, _ in whose], ways.clock, nodes=nodes).reconcile(sought)
            finally:
                await database.close()

    return reconciled_told(asyncio.run(work())).model_dump()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no day; say 2026-11-20.") from None


def _print(told: dict[str, Any], desk: Desk) -> None:
    if told["differences"]:
        desk.table(_table(told["differences"]))
    compared = (
        f"{told['rows']:,} rows of {len(told['days'])} days and {told['lanes']:,} lanes compared; {told['waiting']:,} records on their way."
    )
    read = f"Spools read: {', '.join(told['spools_of']) or 'none'}."
    differing = len(told["differences"])
    verdict = "Nothing differs." if told["even"] else f"{differing:,} difference{'s' if differing > 1 else ''}."
    desk.say(f"{compared} {read} {verdict}")


def _table(differences: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("difference", "node", "lane", "key", "day", "sequences", "what"):
        table.add_column(heading, overflow="fold")
    for heading in ("expected", "found"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in differences:
        lane = "" if each["thread"] is None else f"{(each['boot'] or '')[:8]}/{each['thread']}"
        key = "" if each["key_id"] is None else str(each["key_id"])
        numbers = ["" if each[name] is None else f"{each[name]:,}" for name in ("expected", "found")]
        table.add_row(each["kind"], each["node"] or "", lane, key, each["day"] or "", _spans(each["sequences"]), each["what"], *numbers)
    return table


def _spans(spans: list[dict[str, int]]) -> str:
    shown = [f"{span['first']}" if span["first"] == span["last"] else f"{span['first']}…{span['last']}" for span in spans[:SPANS_SHOWN]]
    return ", ".join(shown) + (f" and {len(spans) - SPANS_SHOWN} more" if len(spans) > SPANS_SHOWN else "")
