"""What the benches need beyond Python: the load generator, the C reference, nginx and wrk. Built or installed, and said so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bench.errors import BenchImpossible

HERE = Path(__file__).parent
LOAD = HERE / "load" / "target" / "release" / "beast-load"
VENUES = HERE / "load" / "target" / "release" / "beast-venues"
ECHO = HERE / "reference" / "target" / "echo"
PACKAGES = {"nginx": "nginx-light", "wrk": "wrk", "taskset": "util-linux"}


def gather() -> None:
    """Build and install what is missing.

    Raises:
        BenchImpossible: something can neither be found nor had; the message says what and how to get it.
    """
    _install([program for program in PACKAGES if shutil.which(program) is None])
    _build_load()
    _build_echo()


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _install(programs: list[str]) -> None:
    if not programs:
        return
    packages = [PACKAGES[program] for program in programs]
    wanted = " ".join(packages)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise BenchImpossible(f"missing: {', '.join(programs)}. On Debian: sudo apt-get install {wanted}")
    _say(f"installing {wanted} (Debian packages, for the benches only; no service is started)")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "SYSTEMD_OFFLINE": "1", "RUNLEVEL": "1"}
    for words in (["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]):
        done = subprocess.run(words, env=quiet, capture_output=True, text=True, timeout=300, check=False)
        if done.returncode != 0:
            raise BenchImpossible(f"{' '.join(words)} failed: {done.stderr.strip()[-300:]}")


def _build_load() -> None:
    if shutil.which("cargo") is None:
        raise BenchImpossible("missing: cargo. Get it from your distribution, or with rustup")
    _run(["cargo", "build", "--release", "--locked", "--quiet", "--manifest-path", str(HERE / "load" / "Cargo.toml")])


def _build_echo() -> None:
    source = HERE / "reference" / "echo.c"
    if ECHO.exists() and ECHO.stat().st_mtime >= source.stat().st_mtime:
        return
    ECHO.parent.mkdir(exist_ok=True)
    _run(["cc", "-O2", "-Wall", "-Wextra", "-o", str(ECHO), str(source)])


def _run(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise BenchImpossible(f"{' '.join(words)} failed:\n{done.stderr.strip()[-2000:]}")
