"""`beast spool`: look at the usage records on this machine's disk, whether or not the node runs."""

import json
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from trinity_beast.errors import TrinityError
from trinity_beast.usage.model import SegmentFile, SpoolListing, UsageRecord
from trinity_beast.usage.service import SpoolReader
from trinity_beast.web import AsJson, DataDir

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ROWS_AT_ONCE = 1_000
PLAIN_WIDTH = 200

Paths = Annotated[list[Path] | None, typer.Argument(metavar="[PATH]...", help="Segments, or folders of them. Default: the node's spool.")]


def spool_app(spool_of: Callable[[Path | None], Path], tell: Callable[[TrinityError], str] = str) -> typer.Typer:
    """Return the `spool` verbs. `spool_of` says where the node of a `--data-dir` (None: the default) keeps its segments.

    `tell` puts a refusal into words.
    """
    app = typer.Typer(name="spool", help="List and print the usage records on disk.", no_args_is_help=True)
    talk = Console(stderr=True)

    @app.command(name="list", epilog="Example: beast spool list --data-dir data --json")
    def listed(data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """List the segments, oldest first, and the files that cannot be read as one."""
        with _refusals_told(talk, tell):
            listing = SpoolReader(spool_of(data_dir)).listing()
        if as_json:
            _print_line({"directory": listing.directory, **_totals(listing), **_files(listing)})
            return
        if listing.segments:
            _console().print(_segment_table(listing.segments))
        totals = f"Segments: {len(listing.segments):,}; records: {listing.records:,}; bytes: {listing.file_bytes:,}; in {listing.directory}"
        talk.print(totals, markup=False, highlight=False, soft_wrap=True)
        for file in listing.unreadable:
            talk.print(f"{file.path}: {file.reason}", style="red", markup=False, soft_wrap=True)

    @app.command(name="print", epilog="Example: beast spool print --last 20    or, for programs: beast spool print --json | head")
    def printed(
        paths: Paths = None,
        *,
        last: Annotated[int | None, typer.Option(min=1, max=1_000_000, help="Only the newest so many of what is printed.")] = None,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Print records, one by one, in the order of the segments. JSON comes as one object a line."""
        with _refusals_told(talk, tell):
            records: Iterator[UsageRecord] = SpoolReader(spool_of(data_dir)).records(paths or ())
            if last is not None:
                records = iter(deque(records, maxlen=last))
            if as_json:
                for record in records:
                    _print_line({**asdict(record), "time": _moment(record.time_ns)})
            else:
                _print_tables(records)

    return app


@contextmanager
def _refusals_told(talk: Console, tell: Callable[[TrinityError], str]) -> Iterator[None]:
    try:
        yield
    except TrinityError as error:
        talk.print(tell(error), style="red", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _console() -> Console:
    # A file or a pipe has no width of its own, and columns cut to 80 would lose what was asked for.
    return Console(width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def _print_line(data: object) -> None:
    sys.stdout.write(json.dumps(data) + "\n")


def _totals(listing: SpoolListing) -> dict[str, int]:
    return {"records": listing.records, "file_bytes": listing.file_bytes}


def _files(listing: SpoolListing) -> dict[str, list[dict[str, object]]]:
    segments = [{**asdict(segment), "created": _moment(segment.created_ns)} for segment in listing.segments]
    return {"segments": segments, "unreadable": [asdict(file) for file in listing.unreadable]}


def _segment_table(segments: Sequence[SegmentFile]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("segment", "state", "node", "thread", "first record"):
        table.add_column(heading, no_wrap=True)
    for heading in ("first", "records", "lost before", "torn bytes", "bytes"):
        table.add_column(heading, justify="right")
    for segment in segments:
        state = "sealed" if segment.sealed else "open"
        numbers = (segment.first_sequence, segment.records, segment.lost_before, segment.torn_bytes, segment.file_bytes)
        words = (Path(segment.path).name, state, segment.node, str(segment.thread), _moment(segment.created_ns))
        table.add_row(*words, *(f"{number:,}" for number in numbers))
    return table


def _print_tables(records: Iterator[UsageRecord]) -> None:
    """Print in tables of a bounded length, so that a spool of any size costs bounded memory."""
    console, rows = _console(), list[UsageRecord]()
    for record in records:
        rows.append(record)
        if len(rows) == ROWS_AT_ONCE:
            console.print(_record_table(rows))
            rows.clear()
    if rows:
        console.print(_record_table(rows))


def _record_table(records: Sequence[UsageRecord]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("time", "request", "key", "asset", "source", "state", "tier", "code", "status", "by"):
        table.add_column(heading, no_wrap=True)
    for heading in ("µs", "bytes", "thread", "sequence"):
        table.add_column(heading, justify="right", no_wrap=True)
    for record in records:
        asset = record.asset if record.asset_count <= 1 else f"{record.asset} +{record.asset_count - 1}"
        served = (asset or "-", record.source or "-", record.state or "-", record.cache_tier or "-")
        numbers = (record.latency_ns // 1_000, record.answer_bytes, record.thread, record.sequence)
        words = (_moment(record.time_ns), record.request_id, str(record.key_id), *served, record.code, str(record.status), record.protocol)
        table.add_row(*words, *map(str, numbers))
    return table


def _moment(time_ns: int) -> str:
    """Return Unix time as ISO 8601 with microseconds; reckoned in integers, for a float would lose some."""
    return f"{EPOCH + timedelta(microseconds=time_ns // 1_000):%Y-%m-%dT%H:%M:%S.%fZ}"
