"""`beast doctor` as a shell has it."""

import json
import socket
from pathlib import Path

from tests.readme.product import PORTS
from tests.support.shell import Ended, beast


def doctor(*words: object, **settings: str) -> Ended:
    return beast("doctor", *words, **{**dict.fromkeys(PORTS, "0"), **settings})


def test_it_ends_with_1_and_tells_the_fix_when_something_is_wrong(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        told = doctor("--data-dir", tmp_path / "data", BEAST_PRICE_PORT=str(other.getsockname()[1]))

    assert told.returncode == 1
    assert "ss -ltnp" in told.stdout
    assert "1 wrong" in told.stderr
    assert not (tmp_path / "data").exists()


def test_json_tells_every_look(tmp_path: Path) -> None:
    told = doctor("--data-dir", tmp_path / "data", "--json")

    looks = json.loads(told.stdout)["diagnoses"]
    assert {"check", "standing", "found", "fix"} == set(looks[0])
    assert told.returncode == int(any(look["standing"] == "wrong" for look in looks))


def test_settings_that_cannot_be_read_are_told_as_such(tmp_path: Path) -> None:
    told = doctor("--config", tmp_path / "missing.toml")

    assert told.returncode == 1
    assert "missing.toml" in told.stderr
