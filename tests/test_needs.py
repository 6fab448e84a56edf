"""What a machine must bring, told in one sentence each."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHELL_WORDS = ["sh", "sed", "awk"]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder that is the whole PATH: the shell's own words, and what a test puts there."""
    for word in SHELL_WORDS:
        found = next(path for folder in os.get_exec_path() if (path := Path(folder) / word).exists())
        (tmp_path / word).symlink_to(found)
    return tmp_path


def put(programs: Path, name: str, script: str) -> None:
    (programs / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (programs / name).chmod(0o755)


def needs(what: str, programs: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [".ci/needs", what], cwd=ROOT, env={"PATH": str(programs)}, capture_output=True, text=True, check=False, timeout=20
    )


def assert_told_in_one_sentence(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.count("\n") == 1
    assert ended.stderr.endswith("then try again.\n")
    assert all(word in ended.stderr for word in words), ended.stderr


def test_without_cargo_one_sentence_says_how_to_get_it(programs: Path) -> None:
    put(programs, "cc", "")

    assert_told_in_one_sentence(needs("cargo", programs), "cargo", "rustup.rs")


def test_without_a_c_compiler_one_sentence_says_how_to_get_it(programs: Path) -> None:
    assert_told_in_one_sentence(needs("cargo", programs), "C compiler", "apt-get install gcc")


@pytest.mark.parametrize("version", ["1.63.0", "1.84.1", "0.66.0"])
def test_a_cargo_too_old_is_told_with_what_is_needed(programs: Path, version: str) -> None:
    put(programs, "cc", "")
    put(programs, "cargo", f"echo cargo {version}")

    assert_told_in_one_sentence(needs("cargo", programs), version, "1.85", "rustup update")


@pytest.mark.parametrize("version", ["1.85.0", "1.100.0-nightly", "2.0.0"])
def test_a_cargo_new_enough_is_taken(programs: Path, version: str) -> None:
    put(programs, "cc", "")
    put(programs, "cargo", f"echo 'cargo {version} (0123abc 2026-11-01)'")

    assert needs("cargo", programs).returncode == 0


def test_without_python_one_sentence_says_how_to_get_it(programs: Path) -> None:
    assert_told_in_one_sentence(needs("python", programs), "Python 3.11", "apt-get install python3")


def test_a_python_too_old_is_named(programs: Path) -> None:
    put(programs, "python3", "exit 1")

    assert_told_in_one_sentence(needs("python", programs), "Python 3.11", f"found only: {programs}/python3")


def test_a_python_that_cannot_make_environments_is_told_which_package_it_lacks(programs: Path) -> None:
    put(programs, "python3", 'case "$2" in *ensurepip*) exit 1 ;; esac')

    assert_told_in_one_sentence(needs("python", programs), "virtual environments", "python3-venv")


def test_a_python_too_old_is_passed_over_for_a_newer_one(programs: Path) -> None:
    put(programs, "python3", "exit 1")
    put(programs, "python3.12", "exit 0")

    ended = needs("python", programs)

    assert (ended.returncode, ended.stdout) == (0, f"{programs}/python3.12\n")
