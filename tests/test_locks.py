"""What is locked: versions and hashes of everything that is installed, and no address to fetch it from."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OUT_OF_STEP = "pyproject.toml and the lock differ: run `make lock` and commit what it changes."
PYTHON_LOCKS = sorted(REQUIREMENTS.glob("*.lock"))
CARGO_LOCKS = sorted(path for path in ROOT.glob("*/**/Cargo.lock") if ".venv" not in path.parts and "target" not in path.parts)
# How cargo names its default registry in every lock: a name it looks up, not the place an archive is fetched from.
DEFAULT_REGISTRY = "registry+https://github.com/rust-lang/crates.io-index"


class Lock:
    """One file of requirements as `make lock` writes it."""

    def __init__(self, text: str) -> None:
        self.entries = [entry for entry in re.split(r"\n(?=\S)", text.strip()) if entry]
        self.versions = {
            canonicalize_name(one.name): Version(str(one.specifier).removeprefix("==")) for one in map(_requirement, self.entries)
        }
        self.asked_for = {canonicalize_name(_requirement(entry).name) for entry in self.entries if "(pyproject.toml)" in entry}

    def complaints(self) -> Iterator[str]:
        """Say what an installer could not rely on."""
        for entry in self.entries:
            name = entry.split()[0]
            if not re.match(r"[A-Za-z0-9._-]+==[^\s*]+( ;.*)? \\\n", entry):
                yield f"{name} is not pinned to one version"
            if not re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry):
                yield f"{name} has no hash"
            if "://" in entry or re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host)\b", entry, re.MULTILINE):
                yield f"{name} names an address"


def _requirement(entry: str) -> Requirement:
    return Requirement(re.split(r"\s*\\\n|\n", entry)[0])


def _asked_for(*extras: str) -> list[Requirement]:
    texts = [*PYPROJECT["dependencies"], *(text for extra in extras for text in PYPROJECT["optional-dependencies"][extra])]
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("path", PYTHON_LOCKS, ids=lambda path: path.name)
def test_a_lock_pins_everything_with_hashes_and_names_no_address(path: Path) -> None:
    assert list(Lock(path.read_text(encoding="utf-8")).complaints()) == []


@pytest.mark.parametrize(("name", "extras"), [("run", ["build"]), ("checks", ["build", "checks"])])
def test_a_lock_is_in_step_with_pyproject(name: str, extras: list[str]) -> None:
    lock = Lock((REQUIREMENTS / f"{name}.lock").read_text(encoding="utf-8"))
    asked_for = _asked_for(*extras)

    assert lock.asked_for == {canonicalize_name(one.name) for one in asked_for}, OUT_OF_STEP
    for one in asked_for:
        assert one.specifier.contains(lock.versions[canonicalize_name(one.name)]), f"{one}: {OUT_OF_STEP}"


def test_the_checks_run_on_the_very_versions_the_product_runs_on() -> None:
    run, checks = (Lock((REQUIREMENTS / f"{name}.lock").read_text(encoding="utf-8")).versions for name in ("run", "checks"))

    assert {name: checks.get(name) for name in run} == run


@pytest.mark.parametrize("path", CARGO_LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_crate_comes_from_the_default_registry_with_its_checksum(path: Path) -> None:
    for crate in tomllib.loads(path.read_text(encoding="utf-8"))["package"]:
        source = crate.get("source")
        assert source in {None, DEFAULT_REGISTRY}, f"{crate['name']} comes from {source}"
        assert source is None or re.fullmatch(r"[0-9a-f]{64}", crate["checksum"]), f"{crate['name']} has no checksum"


def test_every_crate_that_is_built_here_has_its_lock() -> None:
    crates = [path.parent for path in ROOT.glob("*/**/Cargo.toml") if not {".venv", "target"} & set(path.parts)]

    assert crates != []
    assert [str(crate.relative_to(ROOT)) for crate in crates if not (crate / "Cargo.lock").exists()] == []


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ("left-pad>=1.0 \\\n    --hash=sha256:" + "0" * 64, "left-pad>=1.0 is not pinned to one version"),
        ("left-pad==1.* \\\n    --hash=sha256:" + "0" * 64, "left-pad==1.* is not pinned to one version"),
        ("left-pad==1.0 \\\n    --hash=md5:" + "0" * 32, "left-pad==1.0 has no hash"),
        ("left-pad==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n    --find-links wheels", "left-pad==1.0 names an address"),
        ("left-pad==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n    # from https://example.com", "left-pad==1.0 names an address"),
    ],
)
def test_a_lock_that_could_not_be_relied_on_is_told_why(entry: str, complaint: str) -> None:
    lock = Lock("right-pad==2.0 \\\n    --hash=sha256:" + "1" * 64)
    lock.entries.append(entry)

    assert list(lock.complaints()) == [complaint]
