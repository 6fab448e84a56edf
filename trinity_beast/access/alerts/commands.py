"""`beast keys alerts`: which keys near the end of their month."""

import asyncio
import json
import sys
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from trinity_beast.access.alerts.model import AlertFilter, ListedAlert
from trinity_beast.access.alerts.service import QuotaAlerts
from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.storage import Whereabouts, reached
from trinity_beast.web import AsJson, DataDir

LISTED_MAX = 1_000


def add_alerts_verb(
    app: typer.Typer, whereabouts: Callable[[Path | None], Whereabouts], clock: Clock, tell: Callable[[TrinityError], str] = str
) -> typer.Typer:
    """Add the verb to those of `beast keys`, and return them."""
    talk = Console(stderr=True)

    async def listing(wanted: AlertFilter, data_dir: Path | None) -> tuple[Sequence[ListedAlert], int | None]:
        async with reached(whereabouts(data_dir), clock=clock) as (_, database):
            return await QuotaAlerts(database).listing(wanted)

    @app.command(epilog="Example: beast keys alerts --month 2026-11")
    def alerts(
        *,
        key: Annotated[str | None, typer.Option(help="Only this key's, by its public id.")] = None,
        month: Annotated[str | None, typer.Option(help="Only this month's: 2026-11.")] = None,
        limit: Annotated[int, typer.Option(min=1, max=LISTED_MAX, help="How many at most, the newest first.")] = 100,
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """List which keys have reached 50, 80, 95 or 100 % of their month's requests, each noted once."""
        wanted = AlertFilter(key, None if month is None else _month(month), None, limit)
        try:
            with talk.status("Reaching the database"):
                page, rest = asyncio.run(listing(wanted, data_dir))
        except TrinityError as error:
            talk.print(tell(error), style="red", markup=False, soft_wrap=True)
            raise typer.Exit(1) from error
        if as_json:
            sys.stdout.write(json.dumps([_as_data(each) for each in page], indent=2 if sys.stdout.isatty() else None) + "\n")
        elif page:
            Console(width=None if sys.stdout.isatty() else 160).print(_table(page))
        else:
            talk.print("No key has used half of its month.")
        if rest is not None:
            talk.print(f"There are more than {limit}; --limit shows more.")

    return app


def _month(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 - A month has no time zone.
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no month; say 2026-11.") from None


def _as_data(listed: ListedAlert) -> dict[str, object]:
    alert = listed.alert
    return {
        "alert_id": alert.alert_id,
        "key_id": alert.key_id,
        "public_id": listed.public_id,
        "key_name": listed.key_name,
        "tier": listed.tier,
        "month": f"{alert.month:%Y-%m}",
        "percent": alert.percent,
        "quota": alert.quota,
        "used": alert.used,
        "reached_at": alert.reached_at.isoformat(),
    }


def _table(page: Sequence[ListedAlert]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("when", "key", "public id", "name", "tier", "month", "reached", "used", "quota"):
        table.add_column(heading)
    for listed in page:
        alert = listed.alert
        who = (str(alert.key_id), listed.public_id, listed.key_name, listed.tier)
        figures = (f"{alert.month:%Y-%m}", f"{alert.percent} %", f"{alert.used:,}", f"{alert.quota:,}")
        table.add_row(f"{alert.reached_at:%Y-%m-%d %H:%M}", *who, *figures)
    return table
