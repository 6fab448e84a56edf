"""`beast logs`: the last lines a node wrote, and the next ones as they come."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.ops.logs.since import SinceInvalid, moment_of
from trinity_beast.web import AdminKey, AsJson, DataDir, Desk, Every, KnownNode, NodeDesk, NodeNotReached, NodeOf, Url

LOGS = "/admin/logs"
PAGE = 1_000
STYLES = {"debug": "dim", "info": "green", "warning": "yellow", "error": "bold red"}
AWAY_SECONDS_MAX = 10.0
Told = Mapping[str, Any]


def logs_verb(app: typer.Typer, node_of: NodeOf, clock: Clock, tell: Callable[[TrinityError], str]) -> None:
    """Add `logs` to the verbs."""
    desk = NodeDesk(tell, node_of)

    @app.command(epilog="Example: beast logs --level warning --since 2h    or as they come: beast logs --follow --part feeds")
    def logs(
        *,
        follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with new lines as they come, until Ctrl-C.")] = False,
        level: Annotated[str, typer.Option(help="From this level up: debug, info, warning or error.")] = "debug",
        part: Annotated[str, typer.Option(help="Only this part's lines, as the line names it: feeds, access, storage …")] = "",
        since: Annotated[str, typer.Option(help="Not before: 90s, 15m, 2h, 1d, or a moment such as 2026-11-20T07:40.")] = "",
        lines: Annotated[int, typer.Option("--lines", "-n", min=1, max=PAGE, help="How many of the last lines at most.")] = 100,
        every: Every = 1.0,
        data_dir: DataDir = None,
        url: Url = "",
        admin_key: AdminKey = "",
        as_json: AsJson = False,
    ) -> None:
        """Show the last log lines a node keeps in memory. With --json each line is a JSON object of its own."""
        asked = {"level": level, "part": part, "since": _since(since, clock), "limit": lines}
        node = desk.node(data_dir, url, admin_key)
        told = desk.ask(lambda: node.get(LOGS, **asked))
        _write(told["lines"], as_json=as_json)
        if not follow:
            if not told["lines"]:
                desk.say("No such line is kept.")
            return
        try:
            for page in _pages(desk, node, clock, asked | {"limit": PAGE}, told, every_seconds=every):
                _write([line for line in page["lines"] if not _is_an_echo(line)], as_json=as_json)
        except KeyboardInterrupt:
            return


def _since(text: str, clock: Clock) -> str:
    try:
        return moment_of(text, clock.now())
    except SinceInvalid as error:
        raise typer.BadParameter(str(error), param_hint="--since") from error


def _pages(desk: Desk, node: KnownNode, clock: Clock, asked: Mapping[str, object], first: Told, *, every_seconds: float) -> Iterator[Told]:
    """Go on from a page for ever. A node that is away is asked again, less and less often, and said to be so once."""
    boot, after, away_seconds = first["boot"], first["next_after"], 0.0
    while True:
        asyncio.run(clock.sleep(max(every_seconds, away_seconds)))
        try:
            answer = node.get(LOGS, **asked, after=after)
        except NodeNotReached as error:
            if not away_seconds:
                desk.say(desk.told(error), style="red")
            away_seconds = min(AWAY_SECONDS_MAX, max(every_seconds, 2 * away_seconds))
            continue
        away_seconds = 0.0
        page = desk.answered(answer)
        if page["boot"] != boot:
            desk.say("The node was started anew.", style="yellow")
            boot, after = page["boot"], 0
            continue
        if after and page["oldest"] > after + 1:
            desk.say(f"{page['oldest'] - after - 1:,} lines came and went between two looks; log_lines_kept says how many are kept.")
        yield page
        after = page["next_after"]


def _is_an_echo(line: Told) -> bool:
    """Whether a line tells of somebody looking at the log: who follows it would follow himself for ever."""
    return bool(line["event"] == "operator asked" and line["facts"].get("path") == LOGS)


def _write(lines: list[Told], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.writelines(json.dumps(line) + "\n" for line in lines)
        sys.stdout.flush()
        return
    console = Console(soft_wrap=True, highlight=False)
    for line in lines:
        console.print(_line(line))


def _line(line: Told) -> Text:
    text = Text()
    text.append(f"{line['time'][:23].replace('T', ' ')} ", style="dim")
    text.append(f"{line['level']:<8}", style=STYLES.get(line["level"], ""))
    text.append(f"{line['module']:<11}", style="bold")
    text.append(printable(line["event"]))
    for name, value in line["facts"].items():
        text.append(f"  {printable(name)}=", style="dim")
        text.append(printable(value if isinstance(value, str) else json.dumps(value)))
    for each in (line["traceback"] or "").splitlines():
        text.append(f"\n    {printable(each)}", style="red")
    return text


def printable(text: str) -> str:
    """Return what a stranger may have sent as a terminal may show it."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape", "surrogatepass").decode() for each in text)
