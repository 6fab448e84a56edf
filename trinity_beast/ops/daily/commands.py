"""`beast daily`: everything of the system on one screen, now or as it stood within the last day."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.ops.daily.shown import dashboard_shown
from trinity_beast.ops.logs.since import SinceInvalid, moment_of
from trinity_beast.web import AdminKey, AsJson, DataDir, NodeDesk, NodeOf, Operator, Url, print_json

_HOUR = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def daily_verb(app: typer.Typer, node_of: NodeOf, clock: Clock, tell: Callable[[TrinityError], str]) -> None:
    """Add `daily` to the verbs."""
    desk = NodeDesk(tell, node_of)

    @app.command(epilog="Example: beast daily    or how it stood at three in the night: beast daily --at 03:00")
    def daily(
        *,
        last: Annotated[bool, typer.Option("--last", help="The last one that was made, without looking at anything anew.")] = False,
        at: Annotated[str, typer.Option(help="The last one made by then: 03:00 (UTC), 2h ago as `2h`, or a moment.")] = "",
        operator: Operator = "",
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Show services, feeds, cluster, cache, queue, writer, works and usage on one screen, what is not well first.

        One is made every hour by itself and kept for a day. Leaves with 1 when something is wrong.
        """
        until = _until(at, clock.now())
        node = desk.node(data_dir, url, admin_key, operator)
        if last or until:
            told = desk.ask(lambda: node.get("/admin/daily/kept", at=until or None))
        else:
            told = desk.ask(lambda: node.get("/admin/daily"), "Looking at everything")
        if as_json:
            print_json(told)
        else:
            desk.table(dashboard_shown(told, desk.width))
        raise typer.Exit(1 if any(alarm["standing"] == "wrong" for alarm in told["alarms"]) else 0)


def _until(text: str, now: datetime) -> str:
    if found := _HOUR.fullmatch(text.strip()):
        moment = now.astimezone(UTC).replace(hour=int(found[1]), minute=int(found[2]), second=59, microsecond=0)
        return moment_of((moment if moment <= now else moment - timedelta(days=1)).isoformat(), now)
    try:
        return moment_of(text, now)
    except SinceInvalid as error:
        raise typer.BadParameter(str(error), param_hint="--at") from error
