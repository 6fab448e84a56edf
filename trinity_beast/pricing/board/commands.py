"""`beast prices`: every price a node holds, as it moves."""

from collections.abc import Callable
from typing import Annotated

import typer

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.pricing.board.shown import Board
from trinity_beast.web import AdminKey, AsJson, DataDir, Every, Granted, NodeDesk, NodeOf, Turned, Url, Watching, print_json


def prices_verb(app: typer.Typer, node_of: NodeOf, clock: Clock, tell: Callable[[TrinityError], str]) -> None:
    """Add `prices` to the verbs."""
    desk = NodeDesk(tell, node_of)

    @app.command(epilog="Example: beast prices --venue kraken    or once: beast prices --asset BTC --asset ETH --once")
    def prices(
        *,
        asset: Annotated[list[str] | None, typer.Option(help="Only this asset; may be given more than once.")] = None,
        venue: Annotated[str, typer.Option(help="Only prices this exchange gave.")] = "",
        state: Annotated[str, typer.Option(help="Only prices in this state: live, quiet, rest, stale, halted, unavailable.")] = "",
        once: Annotated[bool, typer.Option("--once", help="Show them once.")] = False,
        every: Every = 1.0,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Show every price a node holds, those too that callers are refused, until Ctrl-C. No request of any key is spent."""
        node = desk.node(data_dir, url, admin_key)

        def ask() -> Granted | Turned:
            return node.get("/admin/prices", assets=",".join(asset or ()), venue=venue, state=state)

        if as_json:
            print_json(desk.ask(ask))
        elif once:
            desk.table(Board().shown(desk.ask(ask), desk.width, 10_000))
        else:
            Watching(desk, clock, every_seconds=every).show(ask, Board().shown)
