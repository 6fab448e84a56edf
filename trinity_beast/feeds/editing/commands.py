"""`beast assets`: which symbol of which exchange prices which asset, looked at and changed over a running node."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from trinity_beast.errors import TrinityError
from trinity_beast.feeds.commands import read_json
from trinity_beast.feeds.shown import assets_table
from trinity_beast.web import AdminKey, AsJson, DataDir, Desk, KnownNode, NodeDesk, NodeOf, Operator, Url, print_json

PAGE_ROWS = 500
RowsFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="A JSON list of rows, each with asset, venue and symbol; - reads stdin.", allow_dash=True)
]


def assets_app(node_of: NodeOf, tell: Callable[[TrinityError], str] = str) -> typer.Typer:
    """Return the `assets` verbs. `node_of` says which node is meant, `tell` puts a refusal into words."""
    app = typer.Typer(name="assets", help="Say which symbol of which exchange prices which asset.", no_args_is_help=True)
    desk = NodeDesk(tell, node_of)

    @app.command(name="list", epilog="Example: beast assets list --venue kraken")
    def listed(
        *,
        venue: Annotated[str, typer.Option(help="Only this exchange's.")] = "",
        asset: Annotated[str, typer.Option(help="Only this asset's.")] = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """List rows of the asset map."""
        node = desk.node(data_dir, url, admin_key)
        rows = _all_rows(desk, node, venue, asset)
        if as_json:
            print_json(rows)
        elif rows:
            desk.table(assets_table(rows, desk.width))
        else:
            desk.say("No row of the asset map is like that.")

    @app.command(epilog="Example: beast assets save rows.json")
    def save(
        file: RowsFile,
        *,
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Save rows of the asset map, new or changed: all of them, or none. Takes what `beast assets list --json` prints."""
        found = read_json(file)
        rows = found.get("assets") if isinstance(found, dict) else found
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise typer.BadParameter(f"{file}: expected a list of rows, each an object with asset, venue and symbol")
        node = desk.node(data_dir, url, admin_key, operator)
        saved = desk.ask(lambda: node.post("/admin/exchange-assets/save", {"assets": [_wanted(row) for row in rows]}))["assets"]
        if as_json:
            print_json(saved)
        desk.say(f"{len(saved)} {'row is' if len(saved) == 1 else 'rows are'} saved; running nodes use them within a second.")

    @app.command(epilog="Example: beast assets toggle BTC kraken --prewarm")
    def toggle(
        asset: Annotated[str, typer.Argument(metavar="ASSET")],
        venue: Annotated[str, typer.Argument(metavar="VENUE")],
        *,
        enabled: Annotated[bool | None, typer.Option("--on/--off", help="Whether it prices the asset at all.")] = None,
        prewarm: Annotated[bool | None, typer.Option("--prewarm/--no-prewarm", help="Whether its feed holds it from the start.")] = None,
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Switch one row; what is not named stays as it is."""
        if enabled is None and prewarm is None:
            raise typer.BadParameter("say what to switch: --on, --off, --prewarm or --no-prewarm")
        node = desk.node(data_dir, url, admin_key, operator)
        rows = _all_rows(desk, node, venue, asset)
        if not rows:
            desk.say(f"The asset map has no {asset} at {venue}; `beast assets list` shows every row.", style="red")
            raise typer.Exit(1)
        body = {"id": rows[0]["id"], "enabled": enabled, "prewarm": prewarm, "expected_version": rows[0]["version"]}
        row = desk.ask(lambda: node.post("/admin/exchange-assets/toggle", body))
        if as_json:
            print_json(row)
        is_held = "held from the start" if row["prewarm"] else "fetched when asked for"
        desk.say(f"{asset} at {venue} is {'on' if row['enabled'] else 'off'}, {is_held}.")

    return app


def _all_rows(desk: Desk, node: KnownNode, venue: str, asset: str) -> list[dict[str, Any]]:
    """Return every row there is, page by page; the cursor rises, so it ends."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = desk.ask(_page(node, venue, asset, cursor))
        rows += page["assets"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


def _page(node: KnownNode, venue: str, asset: str, cursor: str | None) -> Callable[[], Any]:
    return lambda: node.get("/admin/exchange-assets", venue=venue, asset=asset, limit=PAGE_ROWS, cursor=cursor)


def _wanted(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as it is saved: one that `list` printed carries its id, and the version it was read at."""
    wanted = {name: value for name, value in row.items() if name not in {"id", "version"}}
    return {"expected_version": row["version"], **wanted} if "version" in row else wanted
