"""`beast security`: who is turned away, guesses, is blocked; what leaked; how old the secrets are."""

from collections.abc import Callable

import typer

from trinity_beast.errors import TrinityError
from trinity_beast.ops.security.shown import security_shown
from trinity_beast.web import AdminKey, AsJson, DataDir, NodeDesk, NodeOf, Url, print_json


def security_verb(app: typer.Typer, node_of: NodeOf, tell: Callable[[TrinityError], str]) -> None:
    """Add `security` to the verbs."""
    desk = NodeDesk(tell, node_of)

    @app.command(epilog="Example: beast security --json")
    def security(*, data_dir: DataDir = None, url: Url = "", admin_key: AdminKey = "", as_json: AsJson = False) -> None:
        """Tell what a node knows of those who should not come in: wrong keys by address, refused admin calls, blocks, leaks, ages."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/security"))
        if as_json:
            print_json(told)
        else:
            desk.table(security_shown(told))
