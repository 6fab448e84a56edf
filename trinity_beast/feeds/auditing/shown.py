"""Audits on a terminal: tables for people, made from what a node answers."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from trinity_beast.feeds.shown import WIDE, plain_table

Told = Mapping[str, Any]
_COLOURS = {"sound": "green", "broken": "red", "unproven": "yellow", "done": "green", "running": "yellow"}


def audits_table(audits: Sequence[Told]) -> Table:
    """Return every audit in a line."""
    shown = plain_table("audit>", "state", "begun (UTC)", "by", "of", "sound>", "unproven>", "broken>", "seconds>")
    for one in audits:
        of = ", ".join(one["venues"]) or "every exchange"
        cells: list[str | Text] = [str(one["audit"]), Text(one["state"], _COLOURS.get(one["state"], "")), moment(one["started_at"])]
        cells += [one["started_by"], f"{of}{', prewarmed' if one['only_prewarmed'] else ''}"]
        cells += [str(one["counts"].get(name, 0)) if one["state"] == "done" else "" for name in ("sound", "unproven", "broken")]
        shown.add_row(*cells, "" if one["seconds"] is None else f"{one['seconds']:.1f}")
    return shown


def results_table(results: Sequence[Told], width: int) -> Table:
    """Return every row that is not sound: what is wrong, and what could be mapped instead."""
    is_wide = width >= WIDE
    shown = plain_table("asset", "venue", "symbol", "verdict", "reason", *(("found",) if is_wide else ()), "proposed")
    for one in results:
        worst = next((layer for layer in one["layers"] if layer["layer"] == one["layer"]), None)
        told = [worst["told"] if worst is not None else ""] if is_wide else []
        verdict = Text(one["verdict"], _COLOURS.get(one["verdict"], ""))
        shown.add_row(one["asset"], one["venue"], one["symbol"], verdict, one["reason"], *told, proposed(one["proposal"]))
    return shown


def proposed(offered: Told | None) -> str:
    """Return a proposal in a few words."""
    if offered is None:
        return ""
    if offered["kind"] == "none":
        return f"nothing: {offered['why']}"
    return f"{offered['kind']} to {offered['symbol']} ({offered['quote']}) at {offered['venue']}"


def summary(audit: Told) -> str:
    """Return how an audit ended, in a sentence."""
    if audit["state"] != "done":
        return f"Audit {audit['audit']} is {audit['state']}{': ' + audit['told'] if audit['told'] else ''}."
    counts = {name: audit["counts"].get(name, 0) for name in ("sound", "unproven", "broken")}
    told = ", ".join(f"{count} {name}" for name, count in counts.items())
    return f"Audit {audit['audit']}: {sum(counts.values())} rows in {audit['seconds']:.1f} s: {told}."


def moment(timestamp: str) -> str:
    """Return a time to the second."""
    return timestamp[:19].replace("T", " ")
