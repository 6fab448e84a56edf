"""`beast feeds`: look at exchanges, change them, try them and bring them back, over a running node."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.feeds.shown import (
    counts_line,
    feeds_table,
    parts_lines,
    rest_line,
    statuses_table,
    symbols_table,
    tried_table,
    versions_table,
)
from trinity_beast.web import AdminKey, AsJson, DataDir, Desk, NodeDesk, NodeOf, Operator, Reason, Url, error_lines, print_json

Force = Annotated[bool, typer.Option("--force", help="Save it although it fails its try; needs --reason.")]
VenueArgument = Annotated[str, typer.Argument(metavar="VENUE", help="The exchange, as `beast feeds list` names it.")]
RowFile = Annotated[
    Path,
    typer.Argument(metavar="FILE", help="A feed row as JSON, such as `beast feeds show` prints; - reads it from stdin.", allow_dash=True),
]


def read_json(path: Path) -> Any:
    """Return what a file holds, - being stdin.

    Raises:
        typer.BadParameter: it cannot be read, or is no JSON.
    """
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{path}: {error}") from error


def feeds_app(node_of: NodeOf, clock: Clock, tell: Callable[[TrinityError], str] = str) -> typer.Typer:
    """Return the `feeds` verbs. `node_of` says which node is meant, `tell` puts a refusal into words."""
    app = typer.Typer(name="feeds", help="Look at exchanges, change them, try them and bring them back.", no_args_is_help=True)
    desk = NodeDesk(tell, node_of)
    _reading_verbs(app, desk, clock)
    _changing_verbs(app, desk)
    return app


def _reading_verbs(app: typer.Typer, desk: NodeDesk, clock: Clock) -> None:
    @app.command(name="list", epilog="Example: beast feeds list")
    def listed(data_dir: DataDir = None, url: Url = "", admin_key: AdminKey = "", *, as_json: AsJson = False) -> None:
        """List every exchange: on or off, how its feed runs, how many assets are mapped to it."""
        node = desk.node(data_dir, url, admin_key)
        feeds = desk.ask(lambda: node.get("/admin/exchange-feeds"))["feeds"]
        if as_json:
            print_json(feeds)
        else:
            desk.table(feeds_table(feeds, desk.width))

    @app.command(epilog="Example: beast feeds status kraken")
    def status(
        *,
        venue: Annotated[str, typer.Argument(help="One exchange, symbol by symbol; left out, all in a line each.")] = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Tell how the feeds run: connections, symbols, trades, and whatever was dropped."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/feed-status"))
        found = [feed for feed in told["feeds"] if feed["venue"] == venue] if venue else told["feeds"]
        if venue and not found:
            desk.say(f"No feed of this node is called {venue}; `beast feeds list` shows all.", style="red")
            raise typer.Exit(1)
        if as_json:
            print_json(found[0] if venue else found)
        elif venue:
            desk.table(symbols_table(found[0], clock.now()))
            desk.say(f"{venue} is {found[0]['state']}: {counts_line(found[0]) or 'nothing counted yet'}")
            desk.say(rest_line(found[0]))
        else:
            desk.table(statuses_table(found, desk.width))
            for line in parts_lines(told):
                desk.say(line)

    @app.command(epilog="Example: beast feeds show kraken > kraken.json")
    def show(venue: VenueArgument, data_dir: DataDir = None, url: Url = "", admin_key: AdminKey = "") -> None:
        """Print an exchange's row and version as JSON: edit it, and give it to `save`."""
        node = desk.node(data_dir, url, admin_key)
        feeds = desk.ask(lambda: node.get("/admin/exchange-feeds"))["feeds"]
        found = next((feed for feed in feeds if feed["venue"] == venue), None)
        if found is None:
            desk.say(f"There is no feed row for {venue}; `beast feeds list` shows all.", style="red")
            raise typer.Exit(1)
        sys.stdout.write(json.dumps({"row": found["row"], "expected_version": found["version"]}, indent=2) + "\n")

    @app.command(epilog="Example: beast feeds history kraken --json")
    def history(
        venue: VenueArgument,
        *,
        limit: Annotated[int, typer.Option(min=1, max=200, help="How many versions at most.")] = 20,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """List the forms an exchange's row has had, newest first: when, who, why, what."""
        node = desk.node(data_dir, url, admin_key)
        versions = desk.ask(lambda: node.get("/admin/exchange-feeds/history", venue=venue, limit=limit))["versions"]
        if as_json:
            print_json(versions)
        else:
            desk.table(versions_table(versions, desk.width))


def _changing_verbs(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(epilog='Example: beast feeds save kraken.json --reason "their new host"')
    def save(
        file: RowFile,
        *,
        reason: Reason = "",
        force: Force = False,
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Save a whole row, new or changed. One that is on and speaks otherwise is tried first, beside the running feed."""
        body = {**_row_of(file), "reason": reason, "force": force}
        node = desk.node(data_dir, url, admin_key, operator)
        _saved(desk, desk.ask(lambda: node.post("/admin/exchange-feeds/save", body), "Trying the row"), as_json=as_json)

    @app.command(epilog="Example: beast feeds toggle kraken --on")
    def toggle(
        venue: VenueArgument,
        *,
        enabled: Annotated[bool | None, typer.Option("--on/--off", help="Left out, the other of what it is.")] = None,
        reason: Reason = "",
        force: Force = False,
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Switch an exchange on or off. One that is switched on is tried first."""
        body = {"venue": venue, "enabled": enabled, "reason": reason, "force": force}
        node = desk.node(data_dir, url, admin_key, operator)
        _saved(desk, desk.ask(lambda: node.post("/admin/exchange-feeds/toggle", body), "Trying the row"), as_json=as_json)

    @app.command(name="try", epilog="Example: beast feeds try kraken.json --seconds 10")
    def try_row(
        file: RowFile,
        *,
        frames: Annotated[Path | None, typer.Option(help="Recorded frames of the exchange, one a line, to be read first.")] = None,
        seconds: Annotated[float | None, typer.Option(min=1, max=20, help="How long it is connected at most.")] = None,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Try a row beside the running feed and change nothing. Leaves with 1 when it does not do."""
        body = {"row": _row_of(file)["row"], "seconds": seconds, "frames": _lines_of(frames)}
        node = desk.node(data_dir, url, admin_key)
        tried = desk.ask(lambda: node.post("/admin/exchange-feeds/try", body), "Trying the row")
        if as_json:
            print_json(tried)
        elif tried["symbols"]:
            desk.table(tried_table(tried))
        _judged(desk, tried)
        raise typer.Exit(0 if tried["passed"] else 1)

    @app.command(epilog='Example: beast feeds rollback kraken --to 3 --reason "prices stood still"')
    def rollback(
        venue: VenueArgument,
        *,
        to: Annotated[int | None, typer.Option(min=1, help="The version; left out, the one before the newest.")] = None,
        reason: Reason = "",
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Bring an exchange's row back to what it was, at once."""
        body = {"venue": venue, "to": to, "reason": reason}
        node = desk.node(data_dir, url, admin_key, operator)
        _saved(desk, desk.ask(lambda: node.post("/admin/exchange-feeds/rollback", body)), as_json=as_json)


def _row_of(file: Path) -> dict[str, Any]:
    """Return what a file says of a row: a row alone, or with the version it was read at, as `show` prints it."""
    found = read_json(file)
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{file}: a feed row is one JSON object")
    if isinstance(found.get("row"), dict):
        return {"row": found["row"], "expected_version": found.get("expected_version")}
    return {"row": found}


def _lines_of(frames: Path | None) -> list[str]:
    if frames is None:
        return []
    try:
        return [line for line in frames.read_text(encoding="utf-8").splitlines() if line]
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{frames}: {error}") from error


def _saved(desk: Desk, saved: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(saved)
    if saved["tried"] is not None:
        _judged(desk, saved["tried"])
    is_on = "on" if saved["row"]["enabled"] else "off"
    desk.say(f"{saved['venue']} is at version {saved['version']} and {is_on}; running nodes use it within a second.")


def _judged(desk: Desk, tried: dict[str, Any]) -> None:
    if tried["passed"]:
        desk.say(f"The row of {tried['venue']} was tried for {tried['seconds']:.1f} s and does.", style="green")
    for look in tried["looks"]:
        desk.say(f"By REST {look['symbol']}: {look['price'] or look['problem']}{' (halted)' if look['halted'] else ''}")
    for flaw in tried["flaws"]:
        evidence = {"location": f"row.{flaw['column']}", "message": f"{flaw['told']}.", "fix": flaw["fix"]}
        for line in error_lines({**evidence, "facts": flaw["evidence"]}):
            desk.say(line, style="red" if line.startswith("-") else "")
    notes: Sequence[str] = tried["notes"]
    for note in notes:
        desk.say(f"Note: {note}.")
