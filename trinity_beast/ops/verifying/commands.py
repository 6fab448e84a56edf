"""`beast verify`: ask a node everything public, and say what is wrong."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.ops.verifying.model import Verdict
from trinity_beast.ops.verifying.service import Verifier, Whom
from trinity_beast.randomness import SecretSource
from trinity_beast.web import AsJson, DataDir, Desk, print_json


def verify_verb(
    app: typer.Typer,
    node_of: Callable[[Path | None], Whom],
    clock: Clock,
    secrets: SecretSource,
    tell: Callable[[TrinityError], str],
) -> None:
    """Add `verify` to the verbs. `node_of` says where the node of a data folder answers, and its demo key."""

    @app.command(epilog="Example: beast verify https://prices.example.org --key tb_live_... --udp prices.example.org:2679")
    def verify(
        url: Annotated[str, typer.Argument(metavar="[URL]", help="The price port. Default: the node of the data folder.")] = "",
        *,
        key: Annotated[str, typer.Option(help="The key to ask with. Default: the demo key of the data folder.")] = "",
        udp: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where datagrams are answered.")] = "",
        health_url: Annotated[str, typer.Option(help="The health port, such as http://127.0.0.1:8081.")] = "",
        reports_url: Annotated[str, typer.Option(help="The port for reports, such as http://127.0.0.1:9090.")] = "",
        reports_udp: Annotated[str, typer.Option(metavar="HOST:PORT", help="Where datagrams are answered with reports.")] = "",
        asset: Annotated[str, typer.Option(help="The asset whose price is asked for.")] = "BTC",
        data_dir: DataDir = None,
        as_json: AsJson = False,
    ) -> None:
        """Ask a node everything public, and say what is wrong by the contract. Ends with status 1 when anything is.

        It spends about six requests of the key and two of its reports, and waits where the key's rate says so.
        """
        desk = Desk(tell)
        with desk.refusals_told():
            whom = node_of(data_dir) if not url else Whom(url.rstrip("/"))
            whom = replace(whom, key=key or whom.key, health_url=health_url or whom.health_url, asset=asset)
            whom = replace(whom, reports_url=reports_url or whom.reports_url)
            whom = replace(whom, udp=_place(udp, "--udp")) if udp else whom
            whom = replace(whom, reports_udp=_place(reports_udp, "--reports-udp")) if reports_udp else whom
            verifier = Verifier(whom, secrets, lambda seconds: asyncio.run(clock.sleep(seconds)))
            verdicts = []
            with desk.talk.status(f"Asking {whom.url}") as shown:
                for verdict in verifier.verdicts():
                    shown.update(f"Asked {verdict.name}")
                    verdicts.append(verdict)
        if as_json:
            print_json({"url": whom.url, "verdicts": [_data(each) for each in verdicts]})
        else:
            desk.table(_table(verdicts))
        wrong, skipped = sum(not each.is_good for each in verdicts), sum(bool(each.skipped) for each in verdicts)
        desk.say(f"{whom.url}: {len(verdicts) - skipped} asked, {wrong} wrong{f', {skipped} left out' if skipped else ''}.")
        raise typer.Exit(1 if wrong else 0)


def _place(text: str, option: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise typer.BadParameter(f"{text!r} is no place such as 127.0.0.1:2679", param_hint=option)
    return host.strip("[]"), int(port)


def _data(verdict: Verdict) -> dict[str, object]:
    return {
        "name": verdict.name,
        "asked": verdict.asked,
        "found": verdict.found,
        "ok": verdict.is_good and not verdict.skipped,
        "faults": list(verdict.faults),
        "skipped": verdict.skipped or None,
    }


def _table(verdicts: list[Verdict]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "asked", "found"):
        table.add_column(heading, overflow="fold")
    for each in verdicts:
        mark = (
            Text("left out", style="dim")
            if each.skipped
            else Text("good", style="green")
            if each.is_good
            else Text("wrong", style="bold red")
        )
        found = Text(each.skipped or each.found)
        for fault in each.faults:
            found.append(f"\n{fault}", style="red")
        table.add_row(mark, each.name, Text(each.asked), found)
    return table
