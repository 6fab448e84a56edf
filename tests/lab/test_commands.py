"""`beast lab` as a person or a script uses it."""

import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from typer.testing import CliRunner

from trinity_beast.clock import SystemClock
from trinity_beast.lab.commands import lab_app
from trinity_beast.lab.faults import FAULTS
from trinity_beast.randomness import SystemSecrets, dice

PROGRAM = """
from trinity_beast.clock import SystemClock
from trinity_beast.lab.commands import lab_app
from trinity_beast.randomness import SystemSecrets, dice
lab_app(SystemClock(), SystemSecrets(), dice())()
"""
BEAST_LAB = [sys.executable, "-c", PROGRAM]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    ready = tmp_path_factory.mktemp("lab") / "lab.json"
    order = [*BEAST_LAB, "--json", "--seed", "7", "--ready-file", str(ready), "--fault", "mute coinbase ETH-USD"]
    process = subprocess.Popen(order, stdout=subprocess.PIPE, cwd=ROOT, text=True)
    assert process.stdout is not None
    yield ready, json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=10) == 0
    process.stdout.close()
    assert not ready.exists(), "a lab that has ended leaves no address behind"


def _lab(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(lab_app(SystemClock(), SystemSecrets(), dice()), list(words))
    return result.exit_code, result.stdout, result.stderr


def test_the_addresses_are_told_once_they_answer(running: tuple[Path, dict[str, Any]]) -> None:
    ready, told = running
    assert json.loads(ready.read_text()) == told
    assert stat.S_IMODE(ready.stat().st_mode) == 0o600
    with urlopen(  # noqa: S310 - The lab's own address.
        told["venues"]["coinbase"]["rest_url"] + "/api/v3/brokerage/market/products/BTC-USD", timeout=5
    ) as answer:
        assert json.loads(answer.read())["product_id"] == "BTC-USD"
    assert told["venues"]["coinbase"]["ws_url"].startswith("ws://127.0.0.1:")


def test_faults_are_ordered_listed_and_cleared_while_it_runs(running: tuple[Path, dict[str, Any]]) -> None:
    ready, _ = running
    status, out, _ = _lab("fault", "rest-status", "coinbase", "BTC-USD", "status=429", "--lab", str(ready), "--json")
    assert status == 0
    assert [fault["verb"] for fault in json.loads(out)] == ["mute", "rest-status"]

    status, out, _ = _lab("faults", "--lab", str(ready))
    assert status == 0
    assert out.splitlines() == ["mute\tcoinbase\tETH-USD\t", "rest-status\tcoinbase\tBTC-USD\tstatus=429"]

    assert _lab("fault", "clear", "coinbase", "BTC-USD", "--lab", str(ready))[1].splitlines() == ["mute\tcoinbase\tETH-USD\t"]


def test_refused_sockets_are_refused_until_it_is_cleared(running: tuple[Path, dict[str, Any]]) -> None:
    ready, told = running
    host, port = told["venues"]["coinbase"]["ws_url"].removeprefix("ws://").strip("/").split(":")
    assert _lab("fault", "refuse", "coinbase", "--lab", str(ready))[0] == 0
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)), timeout=5)
    assert _lab("fault", "clear", "--lab", str(ready))[0] == 0
    socket.create_connection((host, int(port)), timeout=5).close()


def test_the_lab_may_be_named_by_address_and_token(running: tuple[Path, dict[str, Any]]) -> None:
    control = running[1]["control"]
    assert _lab("faults", "--control", control["url"], "--token", control["token"])[0] == 0
    status, _, err = _lab("faults", "--control", control["url"], "--token", "wrong")
    assert status == 1
    assert "token" in err


def test_what_the_lab_refuses_is_misuse_with_a_reason(running: tuple[Path, dict[str, Any]]) -> None:
    status, out, err = _lab("fault", "mute", "coinbase", "NOPE-USD", "--lab", str(running[0]))
    assert (status, out) == (2, "")
    assert "NOPE-USD" in err


@pytest.mark.parametrize("words", [("fault", "explode", "coinbase"), ("fault", "mute"), ("--market", "imaginary"), ("--fault", "mute")])
def test_misuse_exits_with_two(words: tuple[str, ...]) -> None:
    status, out, err = _lab(*words)
    assert (status, out) == (2, "")
    assert err


def test_a_lab_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    for words in (("--lab", str(tmp_path / "none.json")), ("--control", "http://127.0.0.1:9")):
        status, _, err = _lab("fault", "mute", "coinbase", *words)
        assert status == 1
        assert "LAB_NOT_REACHED" in err


def test_a_taken_port_is_said_so(running: tuple[Path, dict[str, Any]]) -> None:
    port = running[1]["control"]["url"].rsplit(":", 1)[1]
    result = subprocess.run([*BEAST_LAB, "--port", port], cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert result.returncode == 1
    assert "in use" in result.stderr


def test_every_fault_is_listed_with_what_it_does() -> None:
    status, out, _ = _lab("faults", "--json")
    assert status == 0
    assert set(json.loads(out)) == set(FAULTS)
    assert all(fact["does"] for fact in json.loads(out).values())


@pytest.mark.parametrize("words", [(), ("fault",), ("faults",)])
def test_help_has_an_example(words: tuple[str, ...]) -> None:
    status, out, _ = _lab(*words, "--help")
    assert status == 0
    assert "Example: beast lab" in " ".join(out.split())
