"""`beast discover` and `beast sync-assets`: what an exchange trades and nobody has mapped, and the map brought in line."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from trinity_beast.errors import TrinityError
from trinity_beast.feeds.auditing.export import candidates_csv
from trinity_beast.feeds.commands import VenueArgument
from trinity_beast.feeds.discovering.shown import candidates_table, changes_table
from trinity_beast.web import AdminKey, AsJson, DataDir, Desk, NodeDesk, NodeOf, Operator, Url, print_json

Told = Mapping[str, Any]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write all of it here as CSV, safe to open in a spreadsheet.")]
Quote = Annotated[str, typer.Option(help="Only markets priced in this, such as USD.")]


def discovery_verbs(app: typer.Typer, node_of: NodeOf, tell: Callable[[TrinityError], str] = str) -> None:
    """Add the verbs for discovery and sync. `node_of` says which node is meant, `tell` puts a refusal into words."""
    desk = NodeDesk(tell, node_of)
    _discover_verb(app, desk)
    _sync_verb(app, desk)


def _discover_verb(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(epilog="Example: beast discover kraken --quote USD --limit 20")
    def discover(
        venue: VenueArgument,
        *,
        quote: Quote = "",
        limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many at most.")] = 25,
        csv: Csv = None,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Rank what an exchange trades and the asset map does not have there, by what was traded in 24 hours."""
        node = desk.node(data_dir, url, admin_key)
        found = desk.ask(lambda: node.get("/admin/eam/discover", venue=venue, quote=quote, limit=limit), f"Asking {venue}")
        if csv is not None:
            _written(csv, candidates_csv(found["candidates"]))
        if as_json:
            print_json(found)
        elif found["candidates"]:
            desk.table(candidates_table(found["candidates"]))
        desk.say(f"{venue} lists {found['listed']} markets; {found['covered']} of their assets are mapped.")
        if found["untold"]:
            desk.say(f"The volume of {found['untold']} is not told (yet); where {venue} tells one at a time, ask again for more.")


def _sync_verb(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(name="sync-assets", epilog="Example: beast sync-assets --audit 12 --accept BTC@kraken --apply")
    def sync_assets(
        *,
        audit: Annotated[int | None, typer.Option(min=1, help="The audit whose proposals are meant.")] = None,
        accept: Annotated[list[str] | None, typer.Option(metavar="ASSET@VENUE", help="This row's proposal; left out, every one.")] = None,
        venue: Annotated[str, typer.Option(help="The exchange whose list is meant.")] = "",
        add: Annotated[int, typer.Option(min=0, max=1_000, help="Add so many of its most traded assets nobody has mapped.")] = 0,
        asset: Annotated[list[str] | None, typer.Option(help="Add this asset; may be given more than once.")] = None,
        quote: Quote = "",
        prewarm: Annotated[bool, typer.Option("--prewarm", help="Have feeds hold what is added from the start.")] = False,
        retire: Annotated[bool, typer.Option("--retire", help="Switch off what is gone and has no replacement.")] = False,
        apply: Annotated[bool, typer.Option("--apply", help="Make the changes; without it they are only shown.")] = False,
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Bring the asset map in line with an audit's proposals or an exchange's list. Nothing is ever deleted."""
        if (audit is None) == (not venue):
            raise typer.BadParameter("say --audit or --venue, and not both")
        wanted: dict[str, object] = {"retire": retire}
        if audit is not None:
            wanted |= {"audit": audit, "accept": [_named(text) for text in accept] if accept else None}
        else:
            wanted |= {"venue": venue, "add": add, "assets": asset or [], "quote": quote, "prewarm": prewarm}
        node = desk.node(data_dir, url, admin_key, operator)
        synced = desk.ask(lambda: node.post("/admin/eam/sync", wanted), "Reckoning what would change")
        if apply and synced["changes"]:
            made = {**_pinned(wanted, synced), "apply": True, "plan": synced["plan"]}
            synced = desk.ask(lambda: node.post("/admin/eam/sync", made), "Changing the map")
        _told(desk, synced, as_json=as_json)


def _pinned(wanted: Mapping[str, object], shown: Told) -> dict[str, object]:
    """Return the same wish with its new assets named: the most traded may be others a moment later."""
    added = [change["after"]["asset"] for change in shown["changes"] if change["change"] == "add"]
    return {**wanted, "add": 0, "assets": added} if "venue" in wanted else dict(wanted)


def _told(desk: Desk, synced: Told, *, as_json: bool) -> None:
    if as_json:
        print_json(synced)
    elif synced["changes"]:
        desk.table(changes_table(synced["changes"], desk.width))
    for one in synced["left"]:
        desk.say(f"Left alone: {one['asset']} at {one['venue']}: {one['why']}.")
    count = len(synced["changes"])
    if not count:
        desk.say("There is nothing to change.")
    elif synced["applied"]:
        desk.say(f"{count} {'row is' if count == 1 else 'rows are'} changed; running nodes use them within a second.", style="green")
    else:
        desk.say(f"Nothing was changed yet: with --apply, {'this is' if count == 1 else f'these {count} are'} made.")


def _named(text: str) -> dict[str, str]:
    asset, at, venue = text.partition("@")
    if not (asset and at and venue):
        raise typer.BadParameter(f"{text}: write ASSET@VENUE, such as BTC@kraken")
    return {"asset": asset, "venue": venue}


def _written(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error}") from error
