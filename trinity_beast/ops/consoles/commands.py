"""`beast sql`, `beast sql-batch` and `beast valkey`: ask the database and the shared cache through a running node."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from trinity_beast.errors import TrinityError
from trinity_beast.ops.consoles.statements import statements_of
from trinity_beast.web import AdminKey, AsJson, DataDir, Desk, NodeDesk, NodeOf, Operator, Reason, Url, print_json

Write = Annotated[bool, typer.Option("--write", help="Let it change something. Without, it cannot.")]
Seconds = Annotated[float, typer.Option(min=0.1, max=20, help="After so long it is ended.")]

ASKED_WITH_FILE_BYTES_MAX = 1_000_000


def console_verbs(app: typer.Typer, node_of: NodeOf, tell: Callable[[TrinityError], str]) -> None:
    """Add `sql`, `sql-batch` and `valkey` to the verbs."""
    desk = NodeDesk(tell, node_of)
    _sql_verb(app, desk)
    _batch_verb(app, desk)
    _valkey_verb(app, desk)


def _sql_verb(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(epilog="Example: beast sql 'SELECT tier, count(*) FROM api_keys WHERE tier = $1 GROUP BY 1' --arg demo")
    def sql(
        statement: Annotated[str, typer.Argument(metavar="STATEMENT", help="One statement; - reads it from stdin.")],
        *,
        arguments: Annotated[list[str] | None, typer.Option("--arg", help="What $1 stands for; again for $2, and so on.")] = None,
        write: Write = False,
        rows: Annotated[int, typer.Option(min=1, max=10_000, help="How many rows at most.")] = 1_000,
        seconds: Seconds = 10,
        reason: Reason = "",
        operator: Operator = "operator",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Ask the database one statement, as a role that sees no secret. Every question is kept in the trail."""
        node = desk.node(data_dir, url, admin_key, operator)
        text = sys.stdin.read(ASKED_WITH_FILE_BYTES_MAX) if statement == "-" else statement
        asked = {"statement": text, "arguments": arguments or [], "write": write, "rows_max": rows, "seconds": seconds, "reason": reason}
        told = desk.ask(lambda: node.post("/admin/sql", asked))
        if as_json:
            print_json(told)
            return
        if told["columns"]:
            desk.table(_rows_table(told["columns"], told["rows"]))
        more = "; there is more, --rows shows up to 10000" if told["is_cut"] else ""
        desk.say(f"{told['done']} in {told['milliseconds']} ms{more}")


def _batch_verb(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(name="sql-batch", epilog="Example: beast sql-batch tidy.sql --reason 'a table for the audit of March'")
    def sql_batch(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="Statements with semicolons between; - reads stdin.", allow_dash=True)],
        *,
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask: rehearse, confirm, done.")] = False,
        rehearse: Annotated[bool, typer.Option("--rehearse", help="Only say what they would do.")] = False,
        seconds: Seconds = 10,
        reason: Reason = "",
        operator: Operator = "operator",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Carry out statements in one transaction, tables of your own among them: rehearsed first, kept once you say so."""
        node = desk.node(data_dir, url, admin_key, operator)
        statements = statements_of(_read(file))
        if not statements:
            raise typer.BadParameter(f"{file}: there is no statement in it", param_hint="FILE")
        asked = {"statements": statements, "seconds": seconds, "reason": reason}
        told = desk.ask(lambda: node.post("/admin/sql-batch", asked), "Rehearsing")
        if not rehearse:
            if not yes:
                desk.say("What they would do:")
                _say_done(desk, statements, told["done"])
                typer.confirm("Carry them out?", abort=True, err=True)
            told = desk.ask(lambda: node.post("/admin/sql-batch", asked | {"confirm": told["confirm"]}), "Carrying them out")
        if as_json:
            print_json(told)
            return
        _say_done(desk, statements, told["done"])
        desk.say("Kept, all in one transaction." if told["is_kept"] else "Nothing was kept.")


def _valkey_verb(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(epilog="Example: beast valkey SCAN 0 MATCH 'price:*' COUNT 100")
    def valkey(
        command: Annotated[list[str], typer.Argument(metavar="COMMAND...", help="A command of Valkey and its arguments.")],
        *,
        write: Write = False,
        reason: Reason = "",
        operator: Operator = "operator",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Ask the shared cache one command of a short list. What is named after customers' keys is not told."""
        node = desk.node(data_dir, url, admin_key, operator)
        told = desk.ask(lambda: node.post("/admin/valkey", {"command": command, "write": write, "reason": reason}))
        if as_json:
            print_json(told)
            return
        for line in _lines(told["answer"]):
            sys.stdout.write(f"{line}\n")
        desk.say(f"in {told['milliseconds']} ms")


def _read(file: Path) -> str:
    try:
        return sys.stdin.read(ASKED_WITH_FILE_BYTES_MAX) if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint="FILE") from error


def _say_done(desk: Desk, statements: list[str], done: list[str]) -> None:
    for statement, each in zip(statements, done, strict=True):
        desk.say(f"  {each:<14} {' '.join(statement.split())[:100]}")


def _rows_table(columns: list[str], rows: list[list[Any]]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("null", style="dim") if value is None else Text(_shown(value)) for value in row))
    return table


def _shown(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool | dict | list) else str(value)


def _lines(answer: Any, indent: str = "") -> list[str]:
    """Return an answer as lines: a list one below the other, a list in it further in."""
    if not isinstance(answer, list):
        return [f"{indent}{'(nothing)' if answer is None else answer}"]
    if not answer:
        return [f"{indent}(empty)"]
    return [line for each in answer for line in _lines(each, indent + "  " if isinstance(each, list) else indent)]
