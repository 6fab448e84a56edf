"""The `beast stress` verbs for reports that were made: show, compare, and what a node keeps of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from trinity_beast.errors import TrinityError
from trinity_beast.stress.comparing import compared
from trinity_beast.stress.errors import StressReportInvalid
from trinity_beast.stress.kept.routes import ComparedTold, compared_step
from trinity_beast.stress.page import page
from trinity_beast.stress.report import Report
from trinity_beast.stress.table import compared_table, report_table, reports_table
from trinity_beast.stress.telling import summary
from trinity_beast.web import AdminKey, AsJson, DataDir, Desk, KnownNode, NodeDesk, NodeOf, Operator, Reason, Url, print_json

FILE_BYTES_MAX = 16 * 1_048_576

Html = Annotated[Path | None, typer.Option("--html", help="Write the report there as a page that needs nothing else.")]
ReportNamed = Annotated[
    str, typer.Argument(metavar="REPORT", help="A file that `beast stress run --json` wrote, or a stored report's number.")
]


def add_report_verbs(app: typer.Typer, node_of: NodeOf, tell: Callable[[TrinityError], str] = str) -> None:
    """Add to the `stress` verbs those for reports that were made."""
    desk = NodeDesk(tell, node_of)
    _add_reading_verbs(app, desk)
    _add_keeping_verbs(app, desk)


def _add_reading_verbs(app: typer.Typer, desk: NodeDesk) -> None:
    def found(named: str, data_dir: Path | None, url: str, admin_key: str) -> Report:
        if not (named.isascii() and named.isdigit()):
            with desk.refusals_told():
                return read_report(Path(named))
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/stress-reports/show", report=named))
        with desk.refusals_told():
            return report_in(told, f"report {named}")

    @app.command(epilog="Example: beast stress show run.json --html run.html")
    def show(
        report: ReportNamed,
        *,
        html: Html = None,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Show a report: its table, its JSON, its page."""
        whole = found(report, data_dir, url, admin_key)
        if html is not None:
            with desk.refusals_told():
                write_page(whole, html)
        if as_json:
            print_json(whole.model_dump(mode="json"))
            return
        desk.table(report_table(whole))
        for line in summary(whole):
            desk.say(line)

    @app.command(epilog="Example: beast stress compare 7 run.json")
    def compare(
        before: ReportNamed,
        after: ReportNamed,
        *,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Hold a report against an earlier one: the same steps side by side."""
        steps = compared(found(before, data_dir, url, admin_key), found(after, data_dir, url, admin_key))
        if as_json:
            print_json(ComparedTold(steps=[compared_step(step) for step in steps]).model_dump(mode="json"))
        elif steps:
            desk.table(compared_table(steps))
        else:
            desk.say("Neither report has a step.")


def _add_keeping_verbs(app: typer.Typer, desk: NodeDesk) -> None:
    @app.command(name="list", epilog="Example: beast stress list --limit 10")
    def listed(
        *,
        limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most, the newest first.")] = 20,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """List the reports a node keeps, the newest first."""
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get("/admin/stress-reports", limit=limit))
        if as_json:
            print_json(told)
        elif told["reports"]:
            desk.table(reports_table(told["reports"]))
        else:
            desk.say("No report is kept.")

    @app.command(epilog="Example: beast stress store run.json --as Ada")
    def store(
        report: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `beast stress run --json` wrote.")],
        *,
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Have a node keep a report."""
        with desk.refusals_told():
            whole = read_report(report)
        node = desk.node(data_dir, url, admin_key, operator)
        told = stored(whole, node, desk)
        if as_json:
            print_json(told)

    @app.command(epilog='Example: beast stress remove 7 --reason "a trial run"')
    def remove(
        report: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="A stored report's number.")],
        *,
        reason: Reason = "",
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Have a node drop a report."""
        node = desk.node(data_dir, url, admin_key, operator)
        told = desk.ask(lambda: node.post("/admin/stress-reports/remove", {"report": report, "reason": reason}))
        if as_json:
            print_json(told)
        desk.say(f"Report {report} is no more.")


def stored(report: Report, node: KnownNode, desk: Desk) -> Any:
    """Have a node keep a report and say under which number; return what the node tells of it."""
    told = desk.ask(lambda: node.post("/admin/seed-stress-report", report.model_dump(mode="json")))
    desk.say(f"Report {told['report_id']} is kept." if told["is_new"] else f"It is kept already, as report {told['report_id']}.")
    return told


def read_report(path: Path) -> Report:
    """Return the report a file holds.

    Raises:
        StressReportInvalid: it holds none, or cannot be read.
    """
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise StressReportInvalid(name=str(path), reason=f"it is larger than {FILE_BYTES_MAX:,} bytes")
        return Report.model_validate_json(path.read_bytes())
    except OSError as error:
        raise StressReportInvalid(name=str(path), reason=error.strerror or str(error)) from error
    except ValidationError as error:
        raise StressReportInvalid(name=str(path), reason=_first_mistake(error)) from error


def report_in(told: object, name: str) -> Report:
    """Return the report a node told.

    Raises:
        StressReportInvalid: it is none, such as one of a later version.
    """
    try:
        return Report.model_validate(told)
    except ValidationError as error:
        raise StressReportInvalid(name=name, reason=_first_mistake(error)) from error


def write_page(report: Report, path: Path) -> None:
    """Write a report's page to a file.

    Raises:
        StressReportInvalid: it cannot be written there.
    """
    try:
        path.write_text(page(report), encoding="utf-8")
    except OSError as error:
        raise StressReportInvalid(name=str(path), reason=error.strerror or str(error)) from error


def _first_mistake(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    return f"{place or 'it'}: {first['msg']}"
