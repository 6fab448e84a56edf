"""`beast usage`: how usage fares on its way to the database, and what was set aside, asked of a running node."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.table import Table

from trinity_beast.errors import TrinityError
from trinity_beast.web import AdminKey, AsJson, DataDir, NodeDesk, NodeOf, Operator, Reason, Url, print_json

USAGE, ASIDE = "/admin/usage", "/admin/usage/set-aside"
Told = Mapping[str, Any]


def usage_app(node_of: NodeOf, tell: Callable[[TrinityError], str] = str) -> typer.Typer:
    """Return the `usage` verbs. `node_of` says which node is meant, `tell` puts a refusal into words."""
    app = typer.Typer(
        name="usage", help="See how usage fares on its way to the database, and deal with what was set aside.", no_args_is_help=True
    )
    desk = NodeDesk(tell, node_of)
    _looking_verbs(app, desk)
    _deciding_verbs(app, desk)
    return app


def _looking_verbs(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(epilog="Example: beast usage status --json")
    def status(*, data_dir: DataDir = None, url: Url = "", admin_key: AdminKey = "", as_json: AsJson = False) -> None:
        """Tell what waits to be stored, how fast it goes, and what stands in its way. Leaves with 1 when something does."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get(USAGE))
        if as_json:
            print_json(told)
        else:
            desk.table(_status_table(told))
        faults = _faults(told)
        for fault in faults:
            desk.say(fault, style="red")
        raise typer.Exit(1 if faults else 0)

    @app.command(name="set-aside", epilog="Example: beast usage set-aside --settled --json")
    def set_aside(
        *,
        settled: Annotated[bool, typer.Option("--settled", help="Those too that were stored after all, or discarded.")] = False,
        limit: Annotated[int, typer.Option(min=1, max=1_000, help="How many at most, the newest first.")] = 100,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """List what could not be stored or read, and why."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get(ASIDE, settled=str(settled).lower(), limit=limit))
        if as_json:
            print_json(told)
            return
        if told["set_aside"]:
            desk.table(_aside_table(told["set_aside"]))
        for file in told["files"]:
            desk.say(f"{file['path']}: {file['reason']}")
        if not told["set_aside"] and not told["files"]:
            desk.say("Nothing was set aside.")
        if told["next_cursor"] is not None:
            desk.say(f"There are more than {limit}; --limit shows more.")


def _deciding_verbs(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(epilog="Example: beast usage redrive 7 8    or all that waits: beast usage redrive --all")
    def redrive(
        numbers: Annotated[
            list[int] | None, typer.Argument(min=1, metavar="[NUMBER]...", help="As `beast usage set-aside` tells them.")
        ] = None,
        *,
        everything: Annotated[bool, typer.Option("--all", help="All that waits, up to a thousand.")] = False,
        reason: Reason = "",
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Try once more to store what was set aside. Leaves with 1 when something is refused again; it goes on waiting."""
        if bool(numbers) == everything:
            raise typer.BadParameter("say which: numbers, or --all")
        node = desk.node(data_dir, url, admin_key, operator)
        body: dict[str, object] = {"reason": reason} | ({"set_aside_ids": numbers} if numbers else {})
        told = desk.ask(lambda: node.post(f"{ASIDE}/redrive", body))["redriven"]
        if as_json:
            print_json(told)
        for one in told:
            outcome = f"stored, {one['records']} records new" if one["stored"] else f"refused again: {one['reason']}"
            desk.say(f"{one['set_aside_id']}: {outcome}")
        if not told:
            desk.say("Nothing waits.")
        raise typer.Exit(0 if all(one["stored"] for one in told) else 1)

    @app.command(epilog='Example: beast usage discard 7 --reason "a test of the queue"')
    def discard(
        numbers: Annotated[list[int], typer.Argument(min=1, metavar="NUMBER...", help="As `beast usage set-aside` tells them.")],
        *,
        reason: Reason,
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Give up what was set aside, for good. Its records are never counted; the trail says who gave them up and why."""
        node = desk.node(data_dir, url, admin_key, operator)
        told = desk.ask(lambda: node.post(f"{ASIDE}/discard", {"set_aside_ids": numbers, "reason": reason}))
        if as_json:
            print_json(told)
        desk.say(f"{told['discarded']} given up.")


def _faults(told: Told) -> list[str]:
    aside = told["set_aside"]
    faults = [
        (told["shipping"]["away"], f"Usage is kept on disk for now: {told['shipping']['away']}."),
        (told["trouble"], f"Records cannot be written to disk: {told['trouble']}."),
        (told["lost"], f"{told['lost']:,} records were lost for want of room since the node started."),
        (aside and aside["batches"] + aside["messages"], "Something waits for a person; `beast usage set-aside` lists it."),
        (told["unreadable_files"], "Files of the spool cannot be read; `beast usage set-aside` lists them."),
    ]
    return [sentence for holds, sentence in faults if holds]


def _status_table(told: Told) -> Table:
    backlog, shipping, queue, aside = told["backlog"], told["shipping"], told["queue"], told["set_aside"]
    rows = [
        ("carrier", told["carrier"]),
        ("waiting", f"{backlog['records']:,} records in {backlog['files']:,} files"),
        ("on disk", f"{backlog['bytes']:,} of {backlog['bytes_max']:,} bytes" + _each(backlog["bytes_per_record"])),
        ("oldest", f"{backlog['oldest_seconds']:,.1f} s"),
        ("stored", f"{shipping['records']:,} records, {shipping['stored_per_second']:,.1f} a second"),
    ]
    if queue is not None:
        rows.append(("sent", f"{queue['sent_per_second']:,.1f} records a second, {queue['records_under_way']:,} on their way"))
        rows.append(("queue", queue["away"] or f"{queue['waiting']:,} messages wait, {queue['in_hand']:,} in hand"))
    rows.append(("set aside", "the database does not answer" if aside is None else _aside_line(aside)))
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, value in rows:
        table.add_row(name, value)
    return table


def _each(bytes_per_record: float | None) -> str:
    return "" if bytes_per_record is None else f", {bytes_per_record:,.1f} a record"


def _aside_line(aside: Told) -> str:
    return f"{aside['batches']:,} batches of {aside['records']:,} records, {aside['messages']:,} messages"


def _aside_table(listed: Sequence[Told]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("number", "what", "of", "records", "since", "state", "why"):
        table.add_column(heading, overflow="fold")
    for each in listed:
        of = f"{each['node']} {each['thread']}: {each['first_sequence']} to {each['last_sequence']}" if each["node"] else each["message_id"]
        what = each["kind"] if not each["message_type"] else f"{each['kind']} {each['message_type']}"
        told = (
            str(each["set_aside_id"]),
            what,
            of,
            f"{each['records'] or 0:,}",
            each["set_aside_at"],
            each["outcome"] or "waits",
            each["reason"],
        )
        table.add_row(*told)
    return table
