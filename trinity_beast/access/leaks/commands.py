"""`beast leaks`: see which keys were found where they should not be, and say whose reports are believed."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from trinity_beast.access.leaks.model import Leak, Reporter
from trinity_beast.access.reaching import Reach, Store, Where, signed
from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.randomness import SecretSource
from trinity_beast.web import AsJson, DataDir, Operator, print_json, timestamp_of


def leaks_app(
    where: Callable[[Path | None], Where], clock: Clock, secrets: SecretSource, tell: Callable[[TrinityError], str] = str
) -> typer.Typer:  # fmt: skip
    """Return the `leaks` verbs. `where` says where the node of a `--data-dir` keeps its data, `tell` puts a refusal into words."""
    app = typer.Typer(name="leaks", help="Keys found where they should not be, and whose reports are believed.", no_args_is_help=True)
    reach = Reach(where, clock, secrets, tell)
    _reading_verbs(app, reach)
    _changing_verbs(app, reach)
    return app


def _reading_verbs(app: typer.Typer, reach: Reach) -> None:
    @app.command(name="list", epilog="Example: beast leaks list --limit 5")
    def listed(
        *, limit: Annotated[int, typer.Option(min=1, max=1_000)] = 20, data_dir: DataDir = None, as_json: AsJson = False
    ) -> None:  # fmt: skip
        """List keys that were found, the newest first: where, by whom, what became of them."""

        async def work(store: Store) -> list[Leak]:
            return list(await store.leaks.listing(limit=limit))

        told = [_leak(leak) for leak in reach.run(work, data_dir)]
        _print(reach, told, as_json=as_json, nothing="No key was ever reported.")

    @app.command(epilog="Example: beast leaks reporters --json")
    def reporters(*, data_dir: DataDir = None, as_json: AsJson = False) -> None:
        """List whose reports are believed."""

        async def work(store: Store) -> list[Reporter]:
            return list(await store.leaks.reporters())

        told = [_reporter(reporter) for reporter in reach.run(work, data_dir)]
        _print(reach, told, as_json=as_json, nothing="Nobody's reports are believed. Believe somebody: beast leaks trust --help")


def _changing_verbs(app: typer.Typer, reach: Reach) -> None:
    @app.command(epilog="Example: beast leaks trust f9525bf080f75b35 github.pem --name GitHub")
    def trust(
        identifier: Annotated[str, typer.Argument(help="What their reports name the key by.")],
        key: Annotated[Path, typer.Argument(metavar="FILE", help="Their public key on the curve P-256, in PEM.")],
        *,
        name: Annotated[str, typer.Option(help="Who they are, as leaks will be listed.")],
        operator: Operator = "",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Believe whoever signs with this key."""
        try:
            public_key = key.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise typer.BadParameter(f"{key}: {error}") from error
        reporter = reach.run(lambda store: store.leaks.trust(identifier, name, public_key, signed(operator, "")), data_dir)
        if as_json:
            print_json(_reporter(reporter))
        reach.desk.say(f"Reports signed by {reporter.name} ({reporter.identifier}) are believed.")

    @app.command(epilog="Example: beast leaks distrust f9525bf080f75b35")
    def distrust(
        identifier: Annotated[str, typer.Argument(help="What their reports name the key by.")],
        *,
        operator: Operator = "",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Believe a reporter no more."""
        reach.run(lambda store: store.leaks.distrust(identifier, signed(operator, "")), data_dir)
        if as_json:
            print_json({"identifier": identifier})
        reach.desk.say(f"Reports signed by {identifier} are believed no more.")


def _print(reach: Reach, told: list[dict[str, object]], *, as_json: bool, nothing: str) -> None:
    if as_json:
        print_json(told)
    elif told:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in told[0]:
            table.add_column(heading.replace("_", " "), overflow="fold")
        for each in told:
            table.add_row(*map(str, each.values()))
        reach.desk.table(table)
    else:
        reach.desk.say(nothing)


def _leak(leak: Leak) -> dict[str, object]:
    return {
        "reported_at": timestamp_of(leak.reported_at),
        "key": leak.public_id,
        "action": leak.action,
        "reporter": leak.reporter,
        "url": leak.url,
        "source": leak.source,
    }


def _reporter(reporter: Reporter) -> dict[str, object]:
    return {"identifier": reporter.identifier, "name": reporter.name, "added_at": timestamp_of(reporter.added_at)}
