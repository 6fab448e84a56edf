"""The real recordings that lie beside the checkout: read in place, never copied."""

import base64
import gzip
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def captures_folder() -> Path | None:
    """Return `shared/captures` beside the checkout or beside one of its parents, or None."""
    for parent in ROOT.parents:
        if (parent / "shared" / "captures").is_dir():
            return parent / "shared" / "captures"
    return None


def capture_lines(name: str) -> list[str]:
    """Return the lines of a recording's file, or skip the test where the recordings are not."""
    folder = captures_folder()
    if folder is None:
        pytest.skip("the recordings (shared/captures beside the checkout) are not on this machine")
    with gzip.open(folder / name, "rt", encoding="utf-8") as file:
        return [line.rstrip("\n") for line in file]


def received(name: str) -> list[bytes]:
    """Return the messages of a recording as they came: HTX's are the bytes of binary frames, all others are text."""
    lines = capture_lines(f"{name}.recv.jsonl.gz")
    return [base64.b64decode(line) if name.startswith("htx/") else line.encode() for line in lines]


def times_ns(name: str) -> Sequence[int]:
    """Return when each message of a recording came, in nanoseconds of whatever clock its recorder used."""
    found = []
    for line in capture_lines(name):
        text = line.split("\t")[0]
        whole, _, fraction = text.removesuffix(" ns").partition(".")
        found.append(int(whole) if text.endswith(" ns") else int(whole) * 10**9 + int(fraction.ljust(9, "0")[:9]))
    return found
