"""`beast keys busiest` and `beast keys invalidate`: asked of a running node, for they are about what it holds now."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.table import Table

from trinity_beast.errors import TrinityError
from trinity_beast.web import AdminKey, AsJson, DataDir, NodeDesk, NodeOf, Url, print_json


def add_live_verbs(app: typer.Typer, node_of: NodeOf, tell: Callable[[TrinityError], str] = str) -> None:
    """Add to the `keys` verbs those that ask a running node."""
    desk = NodeDesk(tell, node_of)

    @app.command(epilog="Example: beast keys busiest --limit 10")
    def busiest(
        *,
        limit: Annotated[int, typer.Option(min=1, max=200, help="How many keys at most.")] = 20,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Tell which keys asked a node most within the last minute."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/keys/busiest", limit=limit))
        if as_json:
            print_json(told)
        elif told["keys"]:
            desk.table(_table(told["keys"]))
            desk.say(f"{told['keys_asking']} keys asked within the last {told['seconds']:g} s.")
        else:
            desk.say("No key asked within the last minute.")

    @app.command(epilog="Example: beast keys invalidate 7")
    def invalidate(
        key: Annotated[str, typer.Argument(metavar="KEY", help="The key's number or its public id.")],
        *,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Have every node look a key up anew, whatever it holds of it. Nothing about the key is changed."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.post("/admin/invalidate-key", {"key": key}))
        if as_json:
            print_json(told)
        desk.say(f"Every node looks {told['public_id']} up anew.")


def _table(keys: list[dict[str, Any]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, is_number in (
        ("key", True),
        ("public id", False),
        ("name", False),
        ("a second", True),
        ("granted", True),
        ("refused", True),
    ):
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    for key in keys:
        counts = (f"{key['per_second']:,.1f}", f"{key['granted']:,}", f"{key['refused']:,}")
        table.add_row(str(key["key_id"]), key["public_id"] or "-", key["name"] or "-", *counts)
    return table
