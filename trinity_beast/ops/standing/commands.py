"""`beast health` and `beast status`: whether a node serves, and all of it on one screen."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from trinity_beast.errors import TrinityError
from trinity_beast.ops.standing.model import NodePorts, Standing, duration, standing_of
from trinity_beast.web import AsJson, DataDir, Desk, Granted, KnownNode, NodeNotReached, Turned, print_json

Url = Annotated[str, typer.Option(help="The price port. Default: the node of the data folder, else the price port here.")]
HealthUrl = Annotated[str, typer.Option(help="The health port, which has the figures. Default: that of the data folder's node.")]
STYLES = {"off": "dim", "good": "green", "weak": "yellow", "wrong": "bold red"}
PortsOf = Callable[[Path | None], NodePorts]
"""Where the node of a data folder tells how it fares."""


def standing_verbs(app: typer.Typer, ports_of: PortsOf, tell: Callable[[TrinityError], str]) -> None:
    """Add `health` and `status` to the verbs."""
    desk = Desk(tell)

    @app.command(epilog="Example: beast health --url http://127.0.0.1:8080 --json")
    def health(*, data_dir: DataDir = None, url: Url = "", as_json: AsJson = False) -> None:
        """Tell whether a node serves, part by part. Ends with status 1 when it does not."""
        ports = _ports(desk, ports_of, data_dir, url, "")
        told = desk.ask(lambda: KnownNode(ports.url, "").get("/health"))
        _show(desk, ports.url, standing_of(told, {}, ()), as_json=as_json)

    @app.command(epilog="Example: beast status --data-dir data")
    def status(*, data_dir: DataDir = None, url: Url = "", health_url: HealthUrl = "", as_json: AsJson = False) -> None:
        """Tell all of a node on one screen: its parts, exchanges, database, cache, requests, usage not yet stored.

        Ends with status 1 when it does not serve.
        """
        ports = _ports(desk, ports_of, data_dir, url, health_url)
        exchanges = desk.ask(lambda: KnownNode(ports.url, "").get("/exchanges"))["exchanges"]
        figures, counters = _figures(KnownNode(ports.health_url, "")) if ports.health_url else (None, {})
        if figures is None:
            # From afar the health port is mostly closed; the price port says the same without the figures.
            figures = desk.ask(lambda: KnownNode(ports.url, "").get("/health"))
        _show(desk, ports.url, standing_of(figures, counters, exchanges), as_json=as_json)


def _ports(desk: Desk, ports_of: PortsOf, data_dir: Path | None, url: str, health_url: str) -> NodePorts:
    with desk.refusals_told():
        ports = NodePorts(url.rstrip("/"), "") if url else ports_of(data_dir)
    return replace(ports, health_url=health_url.rstrip("/") or ports.health_url)


def _figures(node: KnownNode) -> tuple[Mapping[str, Any] | None, Mapping[str, Any]]:
    """Return what the health port tells, or nothing where it cannot be asked."""
    try:
        health, counters = node.get("/health"), node.get("/counters")
    except NodeNotReached:
        return None, {}
    return _data(health), _data(counters) or {}


def _data(answer: Granted | Turned) -> Mapping[str, Any] | None:
    return answer.data if isinstance(answer, Granted) and isinstance(answer.data, dict) else None


def _show(desk: Desk, url: str, standing: Standing, *, as_json: bool) -> None:
    if as_json:
        lines: Sequence[Mapping[str, object]] = [asdict(line) for line in standing.lines]
        print_json(
            {"url": url, "status": standing.status, "up_seconds": standing.up_seconds, "lines": lines, "usage": dict(standing.backlog)}
        )
    else:
        table = Table(box=None, pad_edge=False)
        for heading in ("", "what", "how"):
            table.add_column(heading, overflow="fold")
        for line in standing.lines:
            table.add_row(Text(line.standing, style=STYLES[line.standing]), line.what, Text(line.told))
        desk.table(table)
    desk.say(f"{url}: {standing.status}, up {duration(standing.up_seconds)}.")
    if not standing.is_ready:
        raise typer.Exit(1)
