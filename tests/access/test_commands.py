"""`beast keys` as a shell sees it: its output, its talk, its exit."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from typer.testing import CliRunner, Result

from tests.support.node import start_node
from trinity_beast.access import Kind, Where, kind_of
from trinity_beast.access.accounts.commands import accounts_app
from trinity_beast.access.commands import keys_app
from trinity_beast.access.tiers.commands import tiers_app
from trinity_beast.clock import SystemClock
from trinity_beast.randomness import SystemSecrets
from trinity_beast.storage import Whereabouts


@dataclass(frozen=True)
class Shell:
    """Runs the verbs on one data folder."""

    folder: Path
    database_url: str = ""

    def run(self, *words: str) -> Result:
        app = keys_app(lambda other: Where(Whereabouts(other or self.folder, self.database_url)), SystemClock(), SystemSecrets())
        return CliRunner().invoke(app, words)

    def other(self, app_of: Callable[..., typer.Typer], *words: str) -> Result:
        """Run the verbs of another app on the same folder."""
        app = app_of(lambda other: Where(Whereabouts(other or self.folder, self.database_url)), SystemClock(), SystemSecrets())
        return CliRunner().invoke(app, words)

    def data(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def shell(own_database_url: str, tmp_path: Path) -> Shell:
    """A shell beside a node on an outside database."""
    return Shell(tmp_path / "data", own_database_url)


@pytest.fixture
def embedded(place: Path) -> Shell:
    """A shell beside a node with the embedded database, which does not run."""
    return Shell(place / "data")


def test_the_secret_alone_is_on_stdout_and_the_talk_on_stderr(shell: Shell) -> None:
    done = shell.run("issue", "--tier", "free", "--name", "mine")
    assert done.exit_code == 0
    assert kind_of(done.stdout.removesuffix("\n")) is Kind.LIVE
    assert "cannot be shown again" in done.stderr
    assert done.stdout.strip() not in done.stderr


def test_keys_are_issued_listed_rotated_and_revoked(shell: Shell) -> None:
    issued = shell.data("issue", "--tier", "pro", "--name", "page", "--kind", "url", "--expires", "90d")
    rotated = shell.data("rotate", issued["public_id"], "--overlap", "30m")
    revoked = shell.data("revoke", str(rotated["key_id"]))
    listed = shell.data("list")

    assert kind_of(issued["secret"]) is kind_of(rotated["secret"]) is Kind.URL
    assert revoked["state"] == "revoked"
    assert [(key["key_id"], key["state"], key["successor_id"]) for key in listed] == [
        (issued["key_id"], "retiring", rotated["key_id"]),
        (rotated["key_id"], "revoked", None),
    ]
    assert not any("secret" in key for key in listed)
    table = shell.run("list").stdout
    assert "retiring" in table
    assert issued["public_id"] in table


def test_an_empty_list_says_so_and_prints_no_data(shell: Shell) -> None:
    done = shell.run("list")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "no keys yet" in done.stderr
    assert shell.data("list") == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["issue", "--tier", "gold", "--name", "mine"], "TIER_UNKNOWN"),
        (["issue", "--tier", "free", "--name", ""], "KEY_NAME_INVALID"),
        (["issue", "--tier", "free", "--name", "mine", "--expires", "2001-01-01"], "KEY_EXPIRY_INVALID"),
        (["revoke", "999"], "KEY_UNKNOWN"),
        (["revoke", "99999999999"], "KEY_UNKNOWN"),
        (["revoke", "key_of_nobody"], "KEY_UNKNOWN"),
        (["rotate", "999"], "KEY_UNKNOWN"),
    ],
)
def test_a_refusal_exits_1_with_its_code_and_no_data(shell: Shell, words: list[str], code: str) -> None:
    done = shell.run(*words, "--json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert code in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["issue", "--tier", "free"],
        ["issue", "--tier", "free", "--name", "mine", "--kind", "gold"],
        ["issue", "--tier", "free", "--name", "mine", "--expires", "soon"],
        ["rotate", "1", "--overlap", "soon"],
        ["rotate"],
        ["paint"],
    ],
)
def test_misuse_exits_2(shell: Shell, words: list[str]) -> None:
    done = shell.run(*words)
    assert (done.exit_code, done.stdout) == (2, "")


@pytest.mark.parametrize("verb", ["issue", "list", "revoke", "rotate"])
def test_every_verb_has_help_with_an_example(shell: Shell, verb: str) -> None:
    done = shell.run(verb, "--help")
    assert done.exit_code == 0
    assert f"Example: beast keys {verb}" in done.stdout


def test_a_database_that_is_away_is_told_without_its_password(tmp_path: Path) -> None:
    password = "correct-horse"
    done = Shell(tmp_path, f"postgresql://beast:{password}@127.0.0.1:1/beast").run("list")
    assert done.exit_code == 1
    assert "DEPENDENCY_AWAY" in done.stderr
    assert password not in done.stderr


def test_without_a_running_node_the_embedded_database_is_started_for_the_moment(embedded: Shell) -> None:
    issued = embedded.data("issue", "--tier", "free", "--name", "mine")
    assert [key["public_id"] for key in embedded.data("list")] == [issued["public_id"]]
    assert not (embedded.folder / "run" / "database-url").exists()


def test_with_a_running_node_its_own_database_is_used(embedded: Shell) -> None:
    embedded.data("issue", "--tier", "free", "--name", "before")
    node = start_node(embedded.folder)
    try:
        embedded.data("issue", "--tier", "free", "--name", "meanwhile")
        with psycopg.connect(node.said["url"]) as connection:
            assert connection.execute("SELECT name FROM api_keys ORDER BY key_id").fetchall() == [("before",), ("meanwhile",)]
    finally:
        node.stop()


def test_a_key_is_restricted_shown_and_its_changes_told(shell: Shell) -> None:
    issued = shell.data("issue", "--tier", "pro", "--name", "page", "--burst", "5", "--as", "Ada", "--reason", "a page")
    restricted = shell.data("restrict", issued["public_id"], "--rate", "2.5", "--network", "192.0.2.9/24", "--scope", "prices")
    assert (restricted["rate_per_second"], restricted["burst"], restricted["networks"]) == (2.5, None, ["192.0.2.0/24"])
    assert shell.data("show", str(issued["key_id"])) == restricted
    assert "192.0.2.0/24" in shell.run("show", issued["public_id"]).stdout
    trail = shell.data("audit", "--subject", issued["public_id"])
    assert [(entry["action"], entry["by"]) for entry in trail] == [("restricted", "operator (shell)"), ("created", "Ada (shell)")]
    assert "a page" in shell.run("audit", "--kind", "key").stdout


def test_every_mistake_of_a_restriction_is_told(shell: Shell) -> None:
    done = shell.run("issue", "--tier", "free", "--name", "mine", "--burst", "0", "--network", "here", "--origin", "x")
    assert (done.exit_code, done.stdout) == (1, "")
    assert [line.split(":")[0] for line in done.stderr.splitlines() if line.startswith("-")] == ["- burst", "- networks", "- origins"]


@pytest.mark.parametrize("rate", ["fast", "NaN", "1e999999999", "-Infinity"])
def test_a_rate_that_is_no_number_is_misuse(shell: Shell, rate: str) -> None:
    assert shell.run("restrict", "1", "--rate", rate).exit_code in {1, 2}


def test_accounts_are_opened_and_have_keys(shell: Shell) -> None:
    assert "no accounts yet" in shell.other(accounts_app, "list").stderr
    account = json.loads(shell.other(accounts_app, "open", "--name", "Ada", "--json").stdout)
    issued = shell.data("issue", "--tier", "free", "--name", "hers", "--account", account["public_id"])
    shell.data("issue", "--tier", "free", "--name", "another's")
    assert issued["account_id"] == account["account_id"]
    assert [key["name"] for key in shell.data("list", "--account", str(account["account_id"]))] == ["hers"]
    assert json.loads(shell.other(accounts_app, "list", "--json").stdout)[0]["keys"] == 1


def test_a_tier_is_shown_saved_and_removed(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "pro.json"
    tier = json.loads(shell.other(tiers_app, "show", "pro").stdout)
    file.write_text(json.dumps(tier | {"burst": 333}))
    saved = shell.other(tiers_app, "save", str(file), "--as", "Ada", "--json")
    assert json.loads(saved.stdout)["burst"] == 333
    assert "version 2" in saved.stderr
    again = shell.other(tiers_app, "save", str(file))
    assert (again.exit_code, "TIER_CHANGED" in again.stderr) == (1, True)  # It was made to version 1.
    assert "333" in shell.other(tiers_app, "list").stdout
    (entry,) = json.loads(shell.other(tiers_app, "history", "pro", "--json").stdout)
    assert (entry["by"], entry["after"]) == ("Ada (shell)", {"burst": 333})

    file.write_text(json.dumps(tier | {"tier": "trial", "expected_version": 0}))
    assert shell.other(tiers_app, "save", str(file)).exit_code == 0
    assert shell.other(tiers_app, "remove", "trial").exit_code == 0
    assert shell.other(tiers_app, "remove", "trial").exit_code == 1


@pytest.mark.parametrize("text", ["", "[]", "{", '{"tier": "pro"}', '{"tier": "pro", "burst": "many"}'])
def test_a_file_that_is_no_tier_is_misuse(shell: Shell, tmp_path: Path, text: str) -> None:
    (tmp_path / "tier.json").write_text(text)
    assert shell.other(tiers_app, "save", str(tmp_path / "tier.json")).exit_code == 2
    assert shell.other(tiers_app, "save", str(tmp_path / "nowhere.json")).exit_code == 2


def test_a_shell_with_another_server_secret_makes_no_keys(shell: Shell, tmp_path: Path) -> None:
    shell.data("issue", "--tier", "free", "--name", "mine")
    done = Shell(tmp_path / "another", shell.database_url).run("issue", "--tier", "free", "--name", "mine")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "SERVER_SECRET_DIFFERS" in done.stderr
