"""What `make` does again and what it leaves alone, asked with `make -n` in a checkout that was just built."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ["Makefile", "pyproject.toml", "engine/Cargo.toml", "engine/Cargo.lock", "engine/src/lib.rs"]
LOCKS = ["requirements/run.lock", "requirements/checks.lock", "requirements/locking.lock"]
BUILT = [
    ".venv/.made",
    ".venv/.run",
    ".venv/.checks",
    ".venv/.engine",
    ".venv/bin/python",
    ".venv/bin/beast",
    "trinity_beast/engine.abi3.so",
]
# Not what a make above us was told: its flags and variables would be taken for ours.
PLAIN = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
LONG_AGO, AT_BUILD, NOW = 1_000_000_000, 1_100_000_000, 1_200_000_000


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which everything is older than what was built from it."""
    for name in [*SOURCES, *LOCKS]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
        os.utime(tmp_path / name, (LONG_AGO, LONG_AGO))
    for age, name in enumerate(BUILT):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"{tmp_path}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
        os.utime(tmp_path / name, (AT_BUILD + age, AT_BUILD + age))
    return tmp_path


def would_run(checkout: Path, *words: str) -> str:
    """What make would have a shell do, without doing it."""
    command = ["make", "--no-print-directory", "-n", *words]
    return subprocess.run(command, cwd=checkout, env=PLAIN, capture_output=True, text=True, check=True, timeout=20).stdout


def touch(checkout: Path, name: str) -> None:
    os.utime(checkout / name, (NOW, NOW))


def test_a_warm_run_starts_the_product_and_nothing_else(checkout: Path) -> None:
    done = [line for line in would_run(checkout, "run").splitlines() if line != ":"]

    assert done == [".venv/bin/beast serve --feeds auto --data-dir data"]


@pytest.mark.parametrize("source", ["engine/src/lib.rs", "engine/Cargo.toml", "engine/Cargo.lock", "pyproject.toml"])
def test_a_changed_source_of_the_engine_builds_the_engine_and_installs_nothing(checkout: Path, source: str) -> None:
    touch(checkout, source)

    done = would_run(checkout, "build")

    assert "maturin develop --release --locked" in done
    assert "pip install" not in done


def test_a_changed_lock_installs_by_hash(checkout: Path) -> None:
    touch(checkout, "requirements/run.lock")

    assert "pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock" in would_run(checkout, "build")


def test_a_lock_of_the_checks_does_not_concern_the_build(checkout: Path) -> None:
    touch(checkout, "requirements/checks.lock")

    assert "install" not in would_run(checkout, "build")
    assert "-r requirements/checks.lock" in would_run(checkout, "lint")


def test_a_checkout_that_was_moved_makes_its_environment_again(checkout: Path) -> None:
    moved = checkout.rename(checkout.with_name("moved"))

    assert "-m venv .venv" in would_run(moved, "build")


def test_an_engine_that_was_removed_is_built_again(checkout: Path) -> None:
    (checkout / "trinity_beast/engine.abi3.so").unlink()

    assert "maturin develop" in would_run(checkout, "build")


def test_feeds_and_data_folder_can_be_chosen(checkout: Path) -> None:
    assert "serve --feeds lab --data-dir elsewhere" in would_run(checkout, "run", "FEEDS=lab", "DATA=elsewhere")


def test_the_help_names_every_promised_command(checkout: Path) -> None:
    told = subprocess.run(["make"], cwd=checkout, env=PLAIN, capture_output=True, text=True, check=True, timeout=20).stdout

    for command in ["run", "build", "test", "check", "bench", "lock", "fuzz", "docs", "fix", "clean"]:
        assert f"  make {command} " in told


def test_ci_runs_what_everybody_runs() -> None:
    assert (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1] == 'cd "$(dirname "$0")/.." && exec make test'
