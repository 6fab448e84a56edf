"""The readers that meet a stranger's bytes, and how each is fuzzed.

The engine's readers run under libFuzzer on stable Rust: the coverage pass is in every rustc, and only cargo-fuzz's own
command line asks for nightly. The Python ones run under Atheris, which is libFuzzer too.
"""

import importlib.util
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CRATE = ROOT / "engine" / "fuzz"
COVERAGE = " ".join(
    [
        "-Cpasses=sancov-module",
        "-Cllvm-args=-sanitizer-coverage-level=4",
        "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
        "-Cllvm-args=-sanitizer-coverage-pc-table",
        "-Cllvm-args=-sanitizer-coverage-trace-compares",
        "--cfg fuzzing",
    ]
)


@dataclass(frozen=True, slots=True)
class Target:
    """One reader: what runs it, and where its known inputs and its findings lie."""

    name: str
    command: tuple[str, ...]
    corpus: Path
    found: Path
    artifacts: Path

    def arguments(self, seconds: int) -> list[str]:
        """Return the whole command line. New inputs go to `found`, a build folder; the committed corpus is only read."""
        return [
            *self.command,
            str(self.found),
            str(self.corpus),
            f"-max_total_time={seconds}",
            f"-artifact_prefix={self.artifacts}/",
            "-max_len=8192",
            "-timeout=10",
            "-rss_limit_mb=2048",
            "-print_final_stats=1",
        ]


def host_triple() -> str:
    """Return what rustc calls this machine."""
    told = subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True, timeout=60).stdout
    return next(line.removeprefix("host: ") for line in told.splitlines() if line.startswith("host: "))


def build_engine_targets() -> list[Target]:
    """Lint and build every target of the fuzz crate, with coverage, and return them.

    Naming the machine as the target keeps the coverage flags away from build scripts, which could not link with them. What is
    written in C and C++ is compiled once for both.
    """
    triple = host_triple()
    for verb, more in (("clippy", ["--all-targets", "--", "-D", "warnings"]), ("build", [])):
        subprocess.run(
            ["cargo", verb, "--release", "--locked", "--quiet", "--target", triple, *more],
            cwd=CRATE,
            env={**os.environ, "RUSTFLAGS": COVERAGE},
            check=True,
            timeout=1200,
        )
    built = CRATE / "target" / triple / "release"
    return [_target(source.stem, (str(built / source.stem),), CRATE / "corpus") for source in sorted((CRATE / "targets").glob("*.rs"))]


def python_targets() -> list[Target]:
    """Return the targets written in Python: none where Atheris has no build for this machine."""
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write(
            "fuzz rows: left out, Atheris is not to be had for this machine; tests/fuzz/test_rows.py tries changed seeds all the same\n"
        )
        return []
    return [_target("rows", (sys.executable, "-m", "tests.fuzz.rows_under_atheris"), ROOT / "tests" / "fuzz" / "corpus")]


def _target(name: str, command: tuple[str, ...], corpora: Path) -> Target:
    found, artifacts = CRATE / "target" / "found" / name, CRATE / "artifacts" / name
    found.mkdir(parents=True, exist_ok=True)
    artifacts.mkdir(parents=True, exist_ok=True)
    return Target(name, command, corpora / name, found, artifacts)
