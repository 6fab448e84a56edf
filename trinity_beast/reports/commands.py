"""`beast report`: what keys used, as tables or files, from the database itself or from a node that is asked."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.randomness import SecretSource
from trinity_beast.reports.model import Form, Kind
from trinity_beast.reports.reaching import FromDatabase, FromNode, Source, Wanted, WhereOf, data_of
from trinity_beast.reports.shown import head_lines, report_table, spark_of
from trinity_beast.web import AsJson, DataDir, Desk, KnownNode, print_json

TABLE_ROWS = 50
_ABOUT = {
    Kind.USAGE: "Show answers, one by one, the newest first.",
    Kind.SUMMARY: "Show what answers come to: all of them, then by asset, source, status, protocol, cache tier and code.",
    Kind.BY_ASSET: "Show what answers come to, asset by asset.",
    Kind.BY_SOURCE: "Show what answers come to, source by source.",
    Kind.DAILY: "Show what answers come to, day by day.",
    Kind.REPORTS: "Show which reports were asked for.",
}
_EXAMPLES = {
    Kind.USAGE: "beast report usage --since 24h --asset BTC --status 4xx",
    Kind.SUMMARY: "beast report summary --since 7d --key-id 7",
    Kind.BY_ASSET: "beast report by-asset --month 2026-11 --format csv --out assets.csv",
    Kind.BY_SOURCE: "beast report by-source --day 2026-11-20 --json",
    Kind.DAILY: "beast report daily --since 30d --zone Europe/Berlin",
    Kind.REPORTS: "beast report reports --since 7d",
}

Since = Annotated[str | None, typer.Option(help="From then on: 30d (so long ago), 2026-11-01, or 2026-11-01T00:00:00Z. Default: 30 days.")]
Until = Annotated[str | None, typer.Option(help="Until before then, said like --since. Default: now.")]
Day = Annotated[str | None, typer.Option(help="One whole day instead.")]
Month = Annotated[str | None, typer.Option(help="One whole month instead, such as 2026-11.")]
Zone = Annotated[str | None, typer.Option(help="By whose calendar, such as Europe/Berlin. Default: UTC.")]
Asset = Annotated[str | None, typer.Option(help="Only these assets, commas between.")]
SourceTag = Annotated[str | None, typer.Option("--source", help="Only these sources: tags or exchanges.")]
Status = Annotated[str | None, typer.Option(help="Only these statuses: 200, 4xx, 400-499.")]
Protocol = Annotated[str | None, typer.Option(help="Only over these: http, udp, push, cli.")]
KeyId = Annotated[str | None, typer.Option(help="Only these keys, by number or public id.")]
Rows = Annotated[str | None, typer.Option(metavar="NUMBER|all", help=f"How many rows. Default: {TABLE_ROWS}; all where a file is written.")]
Order = Annotated[str | None, typer.Option(help="newest or oldest first. Default: newest.")]
FormOption = Annotated[Form | None, typer.Option("--format", help="Print the report so instead of as a table.")]
Out = Annotated[
    Path | None, typer.Option(help="Write it to this file, whole or not at all. Its ending says the form, unless --format does.")
]
Url = Annotated[str, typer.Option(help="Ask the node whose reports are here, such as http://127.0.0.1:9090, and not the database.")]
Key = Annotated[str, typer.Option(help="With --url: your API key; you see what your keys used.", envvar="BEAST_KEY")]
AdminKey = Annotated[str, typer.Option(help="With --url: the admin key; you see everything.", envvar="ADMIN_KEY")]


def report_app(where: WhereOf, clock: Clock, secrets: SecretSource, tell: Callable[[TrinityError], str] = str) -> typer.Typer:
    """Return the `report` verbs. `where` says where the node of a `--data-dir` keeps its data, `tell` puts a refusal into words."""
    app = typer.Typer(name="report", help="Report what keys used.", no_args_is_help=True)
    for kind in Kind:
        _add(app, kind, _Printer(Desk(tell)), where, (clock, secrets))
    return app


def _add(app: typer.Typer, kind: Kind, printer: "_Printer", where: WhereOf, means: tuple[Clock, SecretSource]) -> None:
    @app.command(name=kind.value, help=_ABOUT[kind], epilog=f"Example: {_EXAMPLES[kind]}")
    def report(
        *,
        since: Since = None,
        until: Until = None,
        day: Day = None,
        month: Month = None,
        zone: Zone = None,
        asset: Asset = None,
        source: SourceTag = None,
        status: Status = None,
        protocol: Protocol = None,
        key_id: KeyId = None,
        rows: Rows = None,
        order: Order = None,
        form: FormOption = None,
        out: Out = None,
        url: Url = "",
        key: Key = "",
        admin_key: AdminKey = "",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        given = {
            "since": since, "until": until, "day": day, "month": month, "zone": zone, "asset": asset, "source": source, "status": status,
            "protocol": protocol, "key_id": key_id, "order": order,
        }  # fmt: skip
        found: Source = FromDatabase(where(data_dir), *means)
        if url:
            prefix = "/reports" if key else "/admin/reports"
            found = FromNode(KnownNode(url.rstrip("/"), key or admin_key), prefix)
        fields = {name: text for name, text in given.items() if text is not None}
        if kind.is_listing:
            is_file = out is not None or form is not None or as_json
            fields["page_size"] = rows or ("all" if is_file else str(TABLE_ROWS))
        elif rows is not None:
            raise typer.BadParameter("sums have no rows to choose from", param_hint="--rows")
        printer.show(found, kind, fields, form=_form_of(form, out), out=out, as_json=as_json)


class _Printer:
    """Prints a report as it was asked for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def show(self, source: Source, kind: Kind, fields: dict[str, str], *, form: Form | None, out: Path | None, as_json: bool) -> None:
        """Print a report, or write it to a file."""
        if out is not None:
            self._written(source, Wanted(kind, form or Form.CSV, fields), out)
        elif form is not None:
            self._brought(source, Wanted(kind, form, fields), _to_stdout)
            sys.stdout.flush()
        else:
            body = bytearray()
            with self._desk.talk.status("Reading"):
                self._brought(source, Wanted(kind, Form.JSON, fields), body.extend)
            told = data_of(bytes(body))
            if as_json:
                print_json(told)
                return
            for line in head_lines(told):
                self._desk.say(line)
            if kind is Kind.DAILY and any(row["requests"] for row in told["rows"]):
                self._desk.say(f"requests a day {spark_of(told['rows'])}")
            if told["rows"]:
                self._desk.table(report_table(kind, told["rows"], self._desk.width))
            if told["next_cursor"]:
                self._desk.say("There are more: --rows says how many are shown, --rows all --out FILE takes all of them.")

    def _written(self, source: Source, wanted: Wanted, out: Path) -> None:
        with self._desk.refusals_told(), _whole_file(out) as write:
            told = 0
            with self._desk.talk.status("Writing") as status:

                def take(part: bytes) -> None:
                    nonlocal told
                    told += write(part)
                    status.update(f"Writing: {told / 1e6:,.1f} MB")

                self._brought(source, wanted, take)
        self._desk.say(f"{out}: {told:,} bytes")

    def _brought(self, source: Source, wanted: Wanted, take: Callable[[bytes], object]) -> None:
        with self._desk.refusals_told():
            turned = source.bring(wanted, take)
        if turned is not None:
            self._desk.turned(turned)
            raise SystemExit(1)


def _form_of(form: Form | None, out: Path | None) -> Form | None:
    if form is not None or out is None:
        return form
    endings = {".csv": Form.CSV, ".tsv": Form.TSV, ".json": Form.JSON, ".txt": Form.TEXT}
    return endings.get(out.suffix.lower(), Form.CSV)


def _to_stdout(part: bytes) -> None:
    sys.stdout.buffer.write(part)


@contextmanager
def _whole_file(path: Path) -> Iterator[Callable[[bytes], int]]:
    """Give what writes a file that is there only once all of it is."""
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file.write
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
