"""`beast prewarm-audit`, `audits`, `discover` and `sync-assets` as an operator types them, against a node over the lab's venues."""

import asyncio
import csv
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.feeds.discovering.test_at_the_lab import Desk, desk
from tests.support.admin import ADMIN_SECRET
from tests.support.clock import ManualClock
from tests.support.feeds import mapped
from trinity_beast.feeds.auditing.commands import audit_verbs
from trinity_beast.feeds.discovering.commands import discovery_verbs
from trinity_beast.storage import Database
from trinity_beast.web import KnownNode

MAP = [mapped("BTC"), mapped("ETH"), mapped("BTC", venue="kraken", symbol="BTC/USD"), mapped("XTZ", venue="kraken", symbol="XTZ/USD")]


@dataclass
class Shell:
    """A shell in which `beast` means these verbs and this node."""

    desk: Desk

    async def beast(self, *words: str) -> Result:
        """Run a verb to its end, time passing at the node meanwhile."""
        app = typer.Typer()
        node = KnownNode(f"http://127.0.0.1:{self.desk.admin.port}", ADMIN_SECRET, "Ada")
        audit_verbs(app, lambda *_: node)
        discovery_verbs(app, lambda *_: node)
        run = asyncio.to_thread(CliRunner().invoke, app, list(words))
        return await self.desk.stage.within(run, seconds=600)


@pytest.fixture
async def shell(database: Database, clock: ManualClock) -> AsyncIterator[Shell]:
    async with desk(database, clock, "coinbase", "kraken", asset_map=MAP) as made:
        yield Shell(made)


async def test_where_all_is_well_an_audit_says_so_and_leaves_with_nought(shell: Shell, tmp_path: Path) -> None:
    told = await shell.beast("prewarm-audit", "--csv", str(tmp_path / "audit.csv"))
    assert (told.exit_code, told.stdout) == (0, "")
    assert "4 rows in" in told.stderr
    assert "4 sound, 0 unproven, 0 broken" in told.stderr
    with (tmp_path / "audit.csv").open(newline="") as file:
        assert [line["verdict"] for line in csv.DictReader(file)] == ["sound"] * 4


async def test_what_is_broken_is_shown_with_its_reason_and_proposal_and_leaves_with_one(shell: Shell) -> None:
    await shell.desk.stage.lab.fault("delist kraken BTC/USD")
    told = await shell.beast("prewarm-audit", "--venue", "kraken")
    assert told.exit_code == 1
    assert "not_listed" in told.stdout
    assert "move to BTC-USD (USD) at coinbase" in told.stdout
    assert "1 sound, 0 unproven, 1 broken" in told.stderr
    assert "beast sync-assets --audit" in told.stderr


async def test_json_is_one_object_on_stdout_and_talk_on_stderr(shell: Shell) -> None:
    told = await shell.beast("prewarm-audit", "--prewarmed", "--json")
    found = json.loads(told.stdout)
    assert (found["state"], found["only_prewarmed"], len(found["results"])) == ("done", True, 4)
    again = await shell.beast("audits", str(found["audit"]), "--json")
    assert (again.exit_code, json.loads(again.stdout)) == (0, found)
    listed = json.loads((await shell.beast("audits", "--json")).stdout)
    assert [one["audit"] for one in listed] == [found["audit"]]


async def test_an_audit_goes_on_when_its_operator_leaves_and_is_found_again(shell: Shell) -> None:
    assert "There has been no audit yet" in (await shell.beast("audits")).stderr
    begun = await shell.beast("prewarm-audit", "--detach", "--json")
    assert begun.exit_code == 0
    number = str(json.loads(begun.stdout)["audit"])
    told = await shell.beast("audits", number, "--follow")
    assert (told.exit_code, "4 sound" in told.stderr) == (0, True)
    assert number in (await shell.beast("audits")).stdout


async def test_a_second_audit_is_refused_in_a_sentence(shell: Shell) -> None:
    await shell.beast("prewarm-audit", "--detach")
    told = await shell.beast("prewarm-audit")
    assert (told.exit_code, told.stdout) == (1, "")
    assert "is under way" in told.stderr


async def test_a_discovery_ranks_and_a_sync_shows_then_makes_it(shell: Shell, tmp_path: Path) -> None:
    found = await shell.beast("discover", "kraken", "--limit", "3", "--csv", str(tmp_path / "found.csv"))
    assert found.exit_code == 0
    assert "ETH/USD" in found.stdout
    assert "kraken lists" in found.stderr
    assert (tmp_path / "found.csv").read_text().count("\n") == 4
    shown = await shell.beast("sync-assets", "--venue", "kraken", "--add", "2")
    assert (shown.exit_code, "Nothing was changed yet" in shown.stderr) == (0, True)
    assert len(await shell.desk.map()) == 4
    made = await shell.beast("sync-assets", "--venue", "kraken", "--add", "2", "--apply", "--json")
    assert "2 rows are changed" in made.stderr
    added = {row["asset"] for row in json.loads(made.stdout)["rows"]}
    assert len(added) == 2
    assert set(await shell.desk.map()) == {(row.asset, row.venue) for row in MAP} | {(asset, "kraken") for asset in added}


async def test_an_audits_proposals_are_accepted_by_name(shell: Shell) -> None:
    await shell.desk.stage.lab.fault("delist kraken BTC/USD")
    number = str(json.loads((await shell.beast("prewarm-audit", "--json")).stdout)["audit"])
    made = await shell.beast("sync-assets", "--audit", number, "--accept", "BTC@kraken", "--apply")
    assert (made.exit_code, "1 row is changed" in made.stderr) == (0, True)
    assert (await shell.desk.map())["BTC", "kraken"]["enabled"] is False
    nothing = await shell.beast("sync-assets", "--audit", number, "--accept", "ETH@coinbase")
    assert "the audit found nothing broken in it" in nothing.stderr
    assert "There is nothing to change" in nothing.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("sync-assets",),
        ("sync-assets", "--audit", "1", "--venue", "kraken"),
        ("sync-assets", "--audit", "1", "--accept", "BTC"),
        ("audits", "--follow"),
        ("audits", "0"),
        ("discover",),
        ("discover", "kraken", "--limit", "0"),
    ],
)
async def test_misuse_ends_with_two_and_prints_no_data(shell: Shell, words: tuple[str, ...]) -> None:
    told = await shell.beast(*words)
    assert (told.exit_code, told.stdout) == (2, ""), told.output
