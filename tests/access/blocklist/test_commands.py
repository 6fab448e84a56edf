"""`beast blocklist` and `beast keys alerts` as a shell sees them."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.support.randomness import SeededSecrets
from trinity_beast.access import Digests, Keys
from trinity_beast.access.alerts.commands import add_alerts_verb
from trinity_beast.access.blocklist.commands import blocklist_app
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Database, Whereabouts


class Shell:
    """Runs the verbs beside a node on an outside database."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.database_url = database_url

        def whereabouts(other: Path | None) -> Whereabouts:
            return Whereabouts(other or folder, database_url)

        self.app = typer.Typer()
        self.app.add_typer(blocklist_app(whereabouts, SystemClock()))
        self.app.add_typer(add_alerts_verb(typer.Typer(name="keys", callback=lambda: None), whereabouts, SystemClock()))

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(self.app, words)

    def data(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def shell(own_database_url: str, tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data", own_database_url)


def test_a_network_is_blocked_listed_and_let_in_again(shell: Shell) -> None:
    added = shell.data("blocklist", "add", "203.0.113.9/24", "--reason", "scraping", "--for", "24h", "--as", "Ada")
    assert (added["network"], added["blocked_by"], added["state"]) == ("203.0.113.0/24", "Ada", "standing")
    assert [block["reason"] for block in shell.data("blocklist", "list")] == ["scraping"]
    table = shell.run("blocklist", "list").stdout
    assert "203.0.113.0/24" in table
    assert "scraping" in table
    assert shell.data("blocklist", "remove", "203.0.113.0/24")["state"] == "lifted"
    assert shell.data("blocklist", "list") == []
    assert [block["state"] for block in shell.data("blocklist", "list", "--ended")] == ["lifted"]


def test_an_empty_list_says_so_and_prints_no_data(shell: Shell) -> None:
    for words, told in ((["blocklist", "list"], "Nothing is blocked"), (["keys", "alerts"], "No key has used half")):
        done = shell.run(*words)
        assert (done.exit_code, done.stdout) == (0, "")
        assert told in done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["add", "nowhere", "--reason", "r"], "NETWORK_INVALID"),
        (["add", "127.0.0.1", "--reason", "r"], "NETWORK_PROTECTED"),
        (["add", "203.0.113.7", "--reason", " "], "BLOCK_INVALID"),
        (["remove", "203.0.113.7"], "BLOCK_UNKNOWN"),
    ],
)
def test_a_refusal_exits_1_with_its_code_and_no_data(shell: Shell, words: list[str], code: str) -> None:
    done = shell.run("blocklist", *words, "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert code in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["blocklist", "add", "203.0.113.7"],
        ["blocklist", "add", "203.0.113.7", "--reason", "r", "--for", "soon"],
        ["blocklist", "add", "203.0.113.7", "--reason", "r", "--for", "0s"],
        ["blocklist", "list", "--limit", "0"],
        ["keys", "alerts", "--month", "November"],
    ],
)
def test_misuse_exits_2(shell: Shell, words: list[str]) -> None:
    assert shell.run(*words).exit_code == 2


@pytest.mark.parametrize("words", [["blocklist", "add"], ["blocklist", "remove"], ["blocklist", "list"], ["keys", "alerts"]])
def test_every_verb_helps_with_an_example(shell: Shell, words: list[str]) -> None:
    assert "Example: beast" in shell.run(*words, "--help").stdout


def test_alerts_are_listed(shell: Shell, digests: Digests, secrets: SeededSecrets) -> None:
    async def use() -> str:
        database = Database(shell.database_url)
        try:
            keys = Keys(database, digests, SystemClock(), secrets)
            issued = await keys.issue("free", "price page")
            await keys.add_use({issued.key.key_id: 80_000})
            return issued.key.public_id
        finally:
            await database.close()

    public_id = asyncio.run(use())
    assert [(alert["public_id"], alert["percent"]) for alert in shell.data("keys", "alerts")] == [(public_id, 80), (public_id, 50)]
    assert shell.data("keys", "alerts", "--key", "key_of_nobody") == []
    table = shell.run("keys", "alerts", "--limit", "1")
    assert "80 %" in table.stdout
    assert "more than 1" in table.stderr
