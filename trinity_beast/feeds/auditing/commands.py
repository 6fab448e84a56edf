"""`beast prewarm-audit` and `beast audits`: every mapped asset asked in four ways, over a running node."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from trinity_beast.errors import TrinityError
from trinity_beast.feeds.auditing.export import audit_csv
from trinity_beast.feeds.auditing.shown import audits_table, results_table, summary
from trinity_beast.web import AdminKey, AsJson, DataDir, Desk, KnownNode, NodeDesk, NodeOf, Operator, Url, print_json

WAIT_SECONDS = 10
AUDIT = "/admin/eam/audit"
Csv = Annotated[Path | None, typer.Option("--csv", help="Write the results here as CSV, safe to open in a spreadsheet.")]
Told = Mapping[str, Any]


def audit_verbs(app: typer.Typer, node_of: NodeOf, tell: Callable[[TrinityError], str] = str) -> None:
    """Add the verbs for audits. `node_of` says which node is meant, `tell` puts a refusal into words."""
    desk = NodeDesk(tell, node_of)
    _audit_verb(app, desk)
    _audits_verb(app, desk)


def _audit_verb(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(name="prewarm-audit", epilog="Example: beast prewarm-audit --venue kraken --csv kraken.csv")
    def prewarm_audit(
        *,
        venue: Annotated[list[str] | None, typer.Option(help="Only this exchange; may be given more than once.")] = None,
        prewarmed: Annotated[bool, typer.Option("--prewarmed", help="Only what feeds hold from the start.")] = False,
        detach: Annotated[bool, typer.Option("--detach", help="Begin it and leave; `beast audits` tells how it goes.")] = False,
        csv: Csv = None,
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Ask of every mapped asset whether it is listed and traded, its feed delivers, its price agrees and a request is answered.

        Leaves with 1 when something is broken. It goes on at the node if this is ended; `beast audits` finds it again.
        """
        node = desk.node(data_dir, url, admin_key, operator)
        audit = desk.ask(lambda: node.post(AUDIT, {"venues": venue or [], "only_prewarmed": prewarmed}))
        if detach:
            _begun(desk, audit, as_json=as_json)
            return
        _follow(desk, node, audit)
        _told(desk, node, audit["audit"], csv=csv, as_json=as_json)


def _audits_verb(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(epilog="Example: beast audits 12 --csv audit.csv")
    def audits(
        *,
        audit: Annotated[int | None, typer.Argument(min=1, metavar="[AUDIT]", help="One audit by its number; left out, all.")] = None,
        follow: Annotated[bool, typer.Option("--follow", help="Wait for it, where it is under way.")] = False,
        limit: Annotated[int, typer.Option(min=1, max=200, help="How many audits at most.")] = 20,
        csv: Csv = None,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """List the audits there have been, or tell what one found. Leaves with 1 when that one found something broken."""
        if audit is None and (follow or csv is not None):
            raise typer.BadParameter("say which audit: --follow and --csv are about one")
        node = desk.node(data_dir, url, admin_key)
        if audit is None:
            _listed(desk, desk.ask(lambda: node.get(AUDIT, limit=limit))["audits"], as_json=as_json)
            return
        if follow:
            _follow(desk, node, desk.ask(lambda: node.get(f"{AUDIT}/{audit}/progress")))
        _told(desk, node, audit, csv=csv, as_json=as_json)


def _listed(desk: Desk, found: list[Told], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    elif found:
        desk.table(audits_table(found))
    else:
        desk.say("There has been no audit yet; `beast prewarm-audit` begins one.")


def _begun(desk: Desk, audit: Told, *, as_json: bool) -> None:
    if as_json:
        print_json(audit)
    desk.say(f"Audit {audit['audit']} has begun; `beast audits {audit['audit']} --follow` waits for it.")


def _follow(desk: Desk, node: KnownNode, audit: Told) -> None:
    """Show how an audit goes on until it is over: the node answers as soon as it is further, so this asks no oftener than it moves."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=desk.talk, transient=True) as bar:
        task = bar.add_task(f"Audit {audit['audit']}", total=audit["total"], completed=audit["done"])
        while audit["state"] == "running":
            audit = _further(desk, node, audit)
            bar.update(task, total=audit["total"], completed=audit["done"])


def _further(desk: Desk, node: KnownNode, audit: Told) -> Told:
    path, seen = f"{AUDIT}/{audit['audit']}/progress", audit["done"]
    found: Told = desk.ask_quietly(lambda: node.get(path, seen=seen, wait_seconds=WAIT_SECONDS))
    return found


def _told(desk: Desk, node: KnownNode, audit_id: int, *, csv: Path | None, as_json: bool) -> None:
    audit = desk.ask(lambda: node.get(f"{AUDIT}/{audit_id}"))
    if csv is not None:
        _written(csv, audit_csv(audit["results"]))
    unsound = [one for one in audit["results"] if one["verdict"] != "sound"]
    if as_json:
        print_json(audit)
    elif unsound:
        desk.table(results_table(unsound, desk.width))
    desk.say(summary(audit))
    is_broken = audit["state"] != "done" or any(one["verdict"] == "broken" for one in unsound)
    if is_broken and any(one["proposal"] and one["proposal"]["kind"] != "none" for one in unsound):
        desk.say(f"`beast sync-assets --audit {audit_id}` shows what the proposals would change.")
    raise typer.Exit(1 if is_broken else 0)


def _written(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error}") from error
