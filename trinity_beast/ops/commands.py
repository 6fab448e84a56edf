"""`beast jobs` and `beast db`: asked of a running node, for they are about its works."""

from collections.abc import Callable
from typing import Annotated, Any

import typer
from rich.table import Table

from trinity_beast.errors import TrinityError
from trinity_beast.web import AdminKey, AsJson, DataDir, Desk, NodeDesk, NodeOf, Operator, Reason, Url, print_json

STATEMENT_CHARACTERS = 80


def jobs_app(node_of: NodeOf, tell: Callable[[TrinityError], str] = str) -> typer.Typer:
    """Return the `jobs` verbs."""
    app = typer.Typer(name="jobs", help="Work that is done by itself: how it stands, and doing it now.", no_args_is_help=True)
    desk = NodeDesk(tell, node_of)

    @app.command(name="list", epilog="Example: beast jobs list --json")
    def listed(*, data_dir: DataDir = None, url: Url = "", admin_key: AdminKey = "", as_json: AsJson = False) -> None:
        """List the jobs: the last run and how it ended, when it is due next, how many runs failed lately."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/jobs"))
        if as_json:
            print_json(told)
        else:
            desk.table(_jobs_table(told["jobs"]))

    @app.command(epilog="Example: beast jobs run usage.roll_up")
    def run(
        name: Annotated[str, typer.Argument(help="The job's name, as `beast jobs list` tells it.")],
        *,
        reason: Reason = "",
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Have a job done soon, whatever its times are; the way to do a failed one again."""
        node = desk.node(data_dir, url, admin_key, operator)
        told = desk.ask(lambda: node.post(f"/admin/jobs/{name}/runs", {"reason": reason}))
        if as_json:
            print_json(told)
        desk.say(f"{name} waits already." if told["waited_already"] else f"{name} will be done soon; `beast jobs list` tells how it ended.")

    return app


def db_app(node_of: NodeOf, tell: Callable[[TrinityError], str] = str) -> typer.Typer:
    """Return the `db` verbs."""
    app = typer.Typer(name="db", help="How the database fares.", no_args_is_help=True, callback=lambda: None)
    desk = NodeDesk(tell, node_of)

    @app.command(epilog="Example: beast db insights    or, before a measurement: beast db insights --reset")
    def insights(
        *,
        reset: Annotated[bool, typer.Option("--reset", help="Begin counting statements anew, and tell nothing.")] = False,
        top: Annotated[int, typer.Option(min=1, max=200, help="How many statements and tables at most.")] = 20,
        reason: Reason = "",
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Tell what is read from memory, which statements take longest, and how tables are read."""
        node = desk.node(data_dir, url, admin_key, operator)
        if reset:
            told = desk.ask(lambda: node.post("/admin/db-insights/reset", {"reason": reason}))
        else:
            told = desk.ask(lambda: node.get("/admin/db-insights", top=top))
        if as_json:
            print_json(told)
        elif reset:
            desk.say("Statements are counted anew from here.")
        else:
            _show_insights(desk, told)

    return app


def _show_insights(desk: Desk, told: dict[str, Any]) -> None:
    ratio = "-" if told["buffer_hit_ratio"] is None else f"{told['buffer_hit_ratio']:.4f}"
    desk.say(f"Read from memory: {ratio}; database: {told['database_bytes']:,} bytes; PostgreSQL {told['server_version']}.")
    if told["statements"] is None:
        desk.say(f"Statements are not counted: {told['statements_missing']}")
    else:
        desk.table(_statements_table(told["statements"]))
    desk.table(_tables_table(told["tables"]))
    for parent in told["partitioned"]:
        span = f"{parent['first']} to {parent['last']}" if parent["first"] else "none"
        desk.say(f"{parent['table']}: {parent['partitions']} partitions, {span}; {parent['bytes']:,} bytes.")


def _jobs_table(jobs: list[dict[str, Any]]) -> Table:
    table = _table(("job", False), ("last", False), ("ended", False), ("s", True), ("next", False), ("failed", True), ("does", False))
    for job in jobs:
        last = job["last"] or {"state": "-", "ended_at": None, "seconds": None}
        seconds = "-" if last["seconds"] is None else f"{last['seconds']:.2f}"
        table.add_row(job["name"], last["state"], last["ended_at"] or "-", seconds, job["next_at"], str(job["failed"]), job["about"])
    return table


def _statements_table(statements: list[dict[str, Any]]) -> Table:
    table = _table(("total ms", True), ("calls", True), ("mean ms", True), ("rows", True), ("from memory", True), ("statement", False))
    for each in statements:
        ratio = "-" if each["buffer_hit_ratio"] is None else f"{each['buffer_hit_ratio']:.3f}"
        numbers = (f"{each['total_ms']:,.1f}", f"{each['calls']:,}", f"{each['mean_ms']:,.3f}", f"{each['rows']:,}", ratio)
        table.add_row(*numbers, each["statement"][:STATEMENT_CHARACTERS])
    return table


def _tables_table(tables: list[dict[str, Any]]) -> Table:
    headings = ("rows", "bytes", "by index", "whole scans", "rows read whole", "dead rows")
    table = _table(("table", False), *[(heading, True) for heading in headings])
    for each in tables:
        numbers = (each[name] for name in ("live_rows", "bytes", "index_scans", "whole_scans", "rows_read_whole", "dead_rows"))
        table.add_row(each["table"], *[f"{number:,}" for number in numbers])
    return table


def _table(*headings: tuple[str, bool]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, is_number in headings:
        table.add_column(heading, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")
    return table
