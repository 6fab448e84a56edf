"""`beast params`, `profiles`, `mode` and `force-deploy` as an operator types them."""

import asyncio
import json

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.support.admin import ADMIN_SECRET, Admin
from trinity_beast.parameters import Readings
from trinity_beast.parameters.commands import mode_verbs, params_app, profiles_app
from trinity_beast.web import KnownNode


class Shell:
    """A shell in which `beast` means these verbs and this node."""

    def __init__(self, port: int, secret: str) -> None:
        self._node = KnownNode(f"http://127.0.0.1:{port}", secret, "Ada")

    async def beast(self, words: str) -> Result:
        app = typer.Typer()
        app.add_typer(params_app(lambda *_: self._node))
        app.add_typer(profiles_app(lambda *_: self._node))
        mode_verbs(app, lambda *_: self._node)
        return await asyncio.to_thread(CliRunner().invoke, app, words.split("|") if "|" in words else words.split())


@pytest.fixture
def shell(admin: Admin) -> Shell:
    return Shell(admin.port, ADMIN_SECRET)


async def test_parameters_are_listed_by_group_with_what_each_does(shell: Shell) -> None:
    told = await shell.beast("params list")
    assert told.exit_code == 0
    assert "windows" in told.stdout
    assert "How many." in told.stdout
    assert "45 (here 50)" in told.stdout
    assert "4 parameters, version 0." in told.stderr
    assert "Every parameter is at its default" in (await shell.beast("params list --set")).stderr
    assert "no group called gold" in (await shell.beast("params list --group gold")).stderr
    told = await shell.beast("params list --group limits --json")
    assert [one["name"] for one in json.loads(told.stdout)["parameters"]] == ["limit"]


async def test_a_parameter_is_set_got_looked_back_at_and_put_back(shell: Shell, readings: Readings) -> None:
    told = await shell.beast("params|set|limit=20|window_min=6.5|--reason|a busy day")
    assert told.exit_code == 0, told.stderr
    assert "Version 1 is in force" in told.stderr
    assert [line.split() for line in told.stdout.splitlines()[1:]] == [["limit", "10", "20"], ["window_min", "5", "6.5"]]
    assert "runs version 1" in (await shell.beast("params reload")).stderr
    assert readings.values()["limit"] == 20

    got = await shell.beast("params get limit")
    assert "20 requests" in got.stdout
    assert "a busy day" in got.stdout
    assert "1 to 1000" in got.stdout
    assert json.loads((await shell.beast("params get limit --json")).stdout)["value"] == 20

    assert (await shell.beast("params set limit=default")).exit_code == 0
    history = (await shell.beast("params history limit")).stdout.splitlines()[1:]
    assert [line.split()[:4] for line in history] == [["2", "limit", "20", "default"], ["1", "limit", "default", "20"]]
    assert (await shell.beast("params diff")).stdout.split()[-3:] == ["window_min", "5", "6.5"]
    assert "limit" in (await shell.beast("params diff 1 2")).stdout
    assert "Nothing differs" in (await shell.beast("params diff 2 2")).stderr
    nodes = await shell.beast("params nodes")
    assert nodes.stdout.splitlines()[1].split()[:2] == ["one", "1"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("params set limit=0", 1, "less than 1"),
        ("params set limit=many", 1, "int expected"),
        ("params set window_min=60 window_max=30", 1, "at most"),
        ("params set limt=5", 1, "no parameter called limt"),
        ("params set limit", 2, "NAME=VALUE"),
        ("params get limt", 1, "no parameter called limt"),
        ("params set limit=20 --expected-version 7", 1, "changed"),
        ("params diff 9", 1, "never at version 9"),
        ("mode no-such", 1, "no profile called no-such"),
        ("mode previous", 1, "never changed"),
        ("profiles show no-such", 1, "no profile called no-such"),
        ("profiles save Night --description x", 1, "a name is words"),
    ],
)
async def test_what_does_not_fit_is_told_in_a_sentence_and_changes_nothing(shell: Shell, words: str, code: int, said: str) -> None:
    told = await shell.beast(words)
    assert (told.exit_code, told.stdout) == (code, "")
    assert said in " ".join(told.stderr.split())
    assert "Nothing was ever changed" in (await shell.beast("params history")).stderr


async def test_a_profile_is_saved_shown_compared_applied_and_left_again(shell: Shell) -> None:
    await shell.beast("params set limit=20")
    assert "holds 1 values" in (await shell.beast("profiles|save|night|--description|When nobody looks.")).stderr
    await shell.beast("params set limit=default")
    assert "limit=20" in (await shell.beast("profiles show night")).stderr
    assert (await shell.beast("profiles compare night")).stdout.split()[-3:] == ["limit", "20", "10"]
    assert (await shell.beast("mode night --preview")).stdout.split()[-3:] == ["limit", "10", "20"]
    assert "profile night is in force" in (await shell.beast("mode|night|--reason|late")).stderr
    assert "* night" in (await shell.beast("mode")).stdout
    assert "* night" in (await shell.beast("profiles list")).stdout
    assert "Version 4 is in force" in (await shell.beast("mode previous")).stderr


async def test_a_forced_deployment_tells_which_node_runs_what(shell: Shell) -> None:
    await shell.beast("params set limit=20")
    told = await shell.beast("force-deploy")
    assert told.exit_code == 0
    assert told.stdout.splitlines()[1].split()[:2] == ["one", "1"]
    assert "Version 1: this node in" in told.stderr
    assert json.loads((await shell.beast("force-deploy --json")).stdout)["behind"] == []


async def test_without_the_admin_key_nothing_is_told(admin: Admin) -> None:
    told = await Shell(admin.port, "").beast("params list")
    assert (told.exit_code, told.stdout) == (1, "")
