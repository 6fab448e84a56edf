"""`beast doctor` as a program."""

import json
import socket
import subprocess
import sys
from pathlib import Path

from tests.readme.product import PORTS
from trinity_beast.settings import child_environment

BEAST = Path(sys.executable).parent / "beast"
NO_PORTS = dict.fromkeys(PORTS, "0")


def doctor(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**child_environment(NO_PORTS), **settings}
    return subprocess.run(
        [BEAST, "doctor", *arguments], capture_output=True, text=True, timeout=180, check=False, env=environment
    )  # fmt: skip


def test_it_ends_with_1_and_tells_the_fix_when_something_is_wrong(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        told = doctor("--data-dir", str(tmp_path / "data"), BEAST_PRICE_PORT=str(other.getsockname()[1]))

    assert told.returncode == 1
    assert "ss -ltnp" in told.stdout
    assert "1 wrong" in told.stderr
    assert not (tmp_path / "data").exists()


def test_json_tells_every_look(tmp_path: Path) -> None:
    told = doctor("--data-dir", str(tmp_path / "data"), "--json")

    looks = json.loads(told.stdout)["diagnoses"]
    assert {"check", "standing", "found", "fix"} == set(looks[0])
    assert told.returncode == int(any(look["standing"] == "wrong" for look in looks))


def test_settings_that_cannot_be_read_are_told_as_such(tmp_path: Path) -> None:
    told = doctor("--config", str(tmp_path / "missing.toml"))

    assert told.returncode == 1
    assert "missing.toml" in told.stderr
    assert "Traceback" not in told.stderr
