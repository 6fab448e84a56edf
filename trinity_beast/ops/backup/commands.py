"""`beast backup` and `beast restore`: everything a node is, into one file, and out of it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.ops.backup import model
from trinity_beast.ops.backup.making import Maker, Making
from trinity_beast.ops.backup.restoring import Restoring, Target
from trinity_beast.randomness import SecretSource
from trinity_beast.storage import Whereabouts
from trinity_beast.web import AsJson, ConfigFile, DataDir, Desk, print_json


@dataclass(frozen=True, slots=True)
class Backed:
    """The node of a data folder and a file of settings: where it keeps its data, and how it is called."""

    whereabouts: Whereabouts
    maker: Maker


def backup_verbs(
    app: typer.Typer,
    node_of: Callable[[Path | None, Path | None], Backed],
    clock: Clock,
    secrets: SecretSource,
    tell: Callable[[TrinityError], str],
) -> None:
    """Add `backup` and `restore` to the verbs."""
    _backup_verb(app, node_of, clock, tell)
    _restore_verb(app, node_of, clock, secrets, tell)


def _backup_verb(
    app: typer.Typer, node_of: Callable[[Path | None, Path | None], Backed], clock: Clock, tell: Callable[[TrinityError], str]
) -> None:  # fmt: skip
    @app.command(epilog="Example: beast backup monday.beast --data-dir data")
    def backup(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive to make. One that is there is never replaced.")],
        *,
        data_dir: DataDir = None,
        config: ConfigFile = None,
        database_url: Annotated[str, typer.Option(help="Another database than the node's own.")] = "",
        as_json: AsJson = False,
    ) -> None:
        """Back a node up while it runs or while it stands: its database, secrets, quotas and usage not yet stored.

        The archive holds the node's secrets: keep it as you keep those.
        """
        desk = Desk(tell)
        with desk.refusals_told():
            node = node_of(data_dir, config)
            whereabouts = replace(node.whereabouts, database_url=database_url or node.whereabouts.database_url)
            with _shown(desk.talk) as progress:
                made = asyncio.run(Making(whereabouts, node.maker, clock, progress).make(file.absolute()))
        if as_json:
            print_json({"path": made.path, "bytes": made.archive_bytes, **_told(made.manifest)})
        rows = sum(made.manifest.rows.values())
        desk.say(f"{made.path}: {made.archive_bytes:,} bytes; {len(made.manifest.rows)} tables, {rows:,} rows; checked.")
        if not made.manifest.has_secrets:
            desk.say("It holds no server secret: keys work only where BEAST_SERVER_SECRET is the same.", style="yellow")


def _restore_verb(
    app: typer.Typer,
    node_of: Callable[[Path | None, Path | None], Backed],
    clock: Clock,
    secrets: SecretSource,
    tell: Callable[[TrinityError], str],
) -> None:
    @app.command(epilog="Example: beast restore monday.beast --data-dir restored")
    def restore(
        file: Annotated[Path, typer.Argument(metavar="FILE", help="The archive.")],
        *,
        data_dir: Annotated[Path | None, typer.Option(help="The folder to make. Nothing may be there yet.")] = None,
        database_url: Annotated[str, typer.Option(help="An empty database to restore into, in place of an embedded one.")] = "",
        as_new_node: Annotated[
            bool, typer.Option("--as-new-node", help="The first node goes on running: make this another one beside it.")
        ] = False,
        check: Annotated[bool, typer.Option("--check", help="Only read the archive and say what is in it.")] = False,
        config: ConfigFile = None,
        as_json: AsJson = False,
    ) -> None:
        """Restore a backup into a new data folder, and prove it by starting its database. A damaged one is refused whole."""
        desk = Desk(tell)
        if data_dir is None and not check:
            raise typer.BadParameter("say where to restore to: --data-dir DIR", param_hint="--data-dir")
        with desk.refusals_told(), _shown(desk.talk) as progress:
            restoring = Restoring(file, clock, secrets, progress)
            if check or data_dir is None:
                manifest, restored = asyncio.run(restoring.check()), None
            else:
                bin_dir = node_of(data_dir, config).whereabouts.postgres_bin_dir
                target = Target(data_dir, database_url, bin_dir, as_new_node)
                restored = asyncio.run(restoring.restore(target))
                manifest = restored.manifest
        if as_json:
            print_json({"data_dir": restored and restored.data_dir, "schema_now": restored and restored.schema_step, **_told(manifest)})
        desk.say(f"Made {manifest.made_at} of {manifest.node} by {manifest.program}, schema {manifest.schema_step}: every byte as written.")
        if restored is not None:
            tables, rows = len(restored.rows), sum(restored.rows.values())
            desk.say(f"{restored.data_dir}: {tables} tables, {rows:,} rows, proven by starting its database.")
            desk.say(f"Next: beast serve --data-dir {data_dir}")


def _told(manifest: model.Manifest) -> dict[str, object]:
    return {
        "made_at": manifest.made_at,
        "node": manifest.node,
        "program": manifest.program,
        "schema": manifest.schema_step,
        "postgres_major": manifest.postgres_major,
        "has_secrets": manifest.has_secrets,
        "rows": dict(manifest.rows),
    }


@contextmanager
def _shown(console: Console) -> Iterator[model.Progress]:
    """Give what shows progress: a bar on a terminal, and nothing elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("", total=None)

        def note(phase: str, done: int, total: int | None) -> None:
            bars.update(task, description=phase, completed=done, total=total)

        yield note
