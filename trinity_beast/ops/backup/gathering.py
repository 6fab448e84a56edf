"""Which files of a data folder belong into a backup, read while a node may be writing them."""

from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("secrets", "quotas", "spool")
NODE_ID = "run/node-id"
"""The one note of `run/` that outlives the program: by which name the other nodes know this one."""

LOOKS_MAX = 10
CHUNK_BYTES = 1 << 20
HALF_WRITTEN = (".packing",)
OPEN, WHOLE = ".open", (".sealed", ".packed")


def kept_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Return each file to keep with its name in the archive.

    A segment is sealed under another name while we read: so it is looked again until nothing new has come.
    """
    seen: set[str] = set()
    for _ in range(LOOKS_MAX):
        new = [(name, path) for name, path in _listed(folder) if name not in seen]
        if not new:
            return
        for name, path in new:
            seen.add(name)
            yield name, path


def content(path: Path) -> list[bytes] | None:
    """Return a file's bytes in chunks, or None where it has gone meanwhile, as a segment does that was stored."""
    try:
        with path.open("rb") as file:
            return list(iter(lambda: file.read(CHUNK_BYTES), b""))
    except FileNotFoundError:
        return None


def outdated(names: list[str]) -> set[str]:
    """Return the segments that were caught both open and sealed: the sealed one holds all that the open one does."""
    present = set(names)
    return {name for name in names if name.endswith(OPEN) and any(name.removesuffix(OPEN) + ending in present for ending in WHOLE)}


def _listed(folder: Path) -> list[tuple[str, Path]]:
    found = [path for name in FOLDERS for path in sorted((folder / name).rglob("*"))]
    found += [folder / NODE_ID]
    return [
        (str(path.relative_to(folder)), path)
        for path in found
        if path.is_file() and not path.is_symlink() and not path.name.startswith(".") and path.suffix not in HALF_WRITTEN
    ]
