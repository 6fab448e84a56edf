"""`beast cluster` and `beast counters`: every node at a glance, and one node's counters begun anew."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.table import Table

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.ops.cluster.shown import cluster_shown, percent
from trinity_beast.web import AdminKey, AsJson, DataDir, Every, NodeDesk, NodeOf, Operator, Reason, Url, Watching, print_json

Once = Annotated[bool, typer.Option("--once", help="Show it once, and leave with 1 when a node is missing.")]


def cluster_verbs(app: typer.Typer, node_of: NodeOf, clock: Clock, tell: Callable[[TrinityError], str]) -> None:
    """Add `cluster` and `counters` to the verbs."""
    desk = NodeDesk(tell, node_of)
    _cluster_verb(app, desk, clock)
    _counters_verb(app, desk)


def _cluster_verb(app: typer.Typer, desk: NodeDesk, clock: Clock) -> None:
    @app.command(epilog="Example: beast cluster --once    or, until Ctrl-C: beast cluster")
    def cluster(
        *,
        once: Once = False,
        every: Every = 3.0,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Show every node and all of them together, until Ctrl-C; one that is missing in red.

        `req/s` is of the last seconds, shares are since counting was last begun anew, `told` is how long ago the node told it.
        """
        node = desk.node(data_dir, url, admin_key)
        if not once and not as_json:
            Watching(desk, clock, every_seconds=every).show(lambda: node.get("/admin/cluster-stats"), cluster_shown)
            return
        told = desk.ask(lambda: node.get("/admin/cluster-stats"))
        if as_json:
            print_json(told)
        else:
            desk.table(cluster_shown(told, desk.width, 10_000))
        raise typer.Exit(1 if told["missing"] or told["never_seen"] or told["twins"] else 0)


def _counters_verb(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(epilog="Example: beast counters --reset --reason 'before the stress test'")
    def counters(
        *,
        reset: Annotated[bool, typer.Option("--reset", help="Begin the counts and rates anew, and tell what they were.")] = False,
        reason: Reason = "",
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Tell one node's 24 counters and the rates and shares they come to, since they were last begun anew."""
        node = desk.node(data_dir, url, admin_key, operator)
        if reset:
            told = desk.ask(lambda: node.post("/admin/stress-reset", {"reason": reason}))
        else:
            told = desk.ask(lambda: node.get("/admin/stress-stats"))
        if as_json:
            print_json(told)
            return
        desk.table(_counters_table(told["counters"], told.get("totals")))
        if reset:
            desk.say(f"{told['cluster_node']} counts anew from {told['at']}; this was counted in {told['seconds']:,.1f} s.")
        else:
            desk.table(_derived_table(told))
            desk.say(f"{told['cluster_node']} counts since {told['since']}, {told['seconds']:,.1f} s.")


def _counters_table(counters: dict[str, int], totals: dict[str, int] | None) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("counter", no_wrap=True)
    for heading in ("counted", *(("since the start",) if totals else ())):
        table.add_column(heading, justify="right", no_wrap=True)
    for name, value in counters.items():
        table.add_row(name, f"{value:,}", *([f"{totals[name]:,}"] if totals else []))
    return table


def _derived_table(told: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", title="")
    table.add_column("comes to", no_wrap=True)
    table.add_column("counted", justify="right", no_wrap=True)
    table.add_column(f"last {told['lately_seconds']:.0f} s", justify="right", no_wrap=True)
    for name, value in told["derived"].items():
        table.add_row(name, *[percent(one) if name.endswith("percent") else f"{one:,}" for one in (value, told["lately"][name])])
    return table
