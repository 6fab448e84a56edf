"""The nouns of a backup: what is in it, and what it says of itself."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

FORMAT = 1
"""Which shape of archive this is. One of a higher number is a newer release's."""

DUMP = "database.dump"
SERVER_SECRET = "secrets/server-secret"  # noqa: S105 - The name of a file.
LONG_SECONDS = 86_400.0
"""Counting and dumping a large database takes long; the line is cut after a day."""

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how many bytes of it are done, and of how many where that is known."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the archive as it lies there: its bytes and their SHA-256."""

    stored_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself: when and of what it was made, its members, and how many rows each table had."""

    made_at: str
    program: str
    node: str
    schema_step: str
    postgres_major: int
    members: Mapping[str, Member]
    rows: Mapping[str, int]
    has_secrets: bool
    format: int = FORMAT

    def packed(self) -> bytes:
        """Return the manifest as it lies in the archive."""
        members = {name: {"bytes": each.stored_bytes, "sha256": each.sha256} for name, each in self.members.items()}
        told = {name: getattr(self, name) for name in _PLAIN} | {"members": members}
        return json.dumps(told, indent=1, sort_keys=True).encode()


_PLAIN = ("format", "made_at", "program", "node", "schema_step", "postgres_major", "rows", "has_secrets")


def manifest_of(packed: bytes) -> Manifest:
    """Return the manifest of an archive.

    Raises:
        ValueError: it is none of ours, or of a shape we do not know.
    """
    match json.loads(packed):
        case {
            "format": int(shape),
            "made_at": str(made_at),
            "program": str(program),
            "node": str(node),
            "schema_step": str(schema_step),
            "postgres_major": int(postgres_major),
            "rows": dict(rows),
            "has_secrets": bool(has_secrets),
            "members": dict(members),
        }:
            listed = {str(name): _member(each) for name, each in members.items()}
            counted = {str(name): int(count) for name, count in rows.items()}
            return Manifest(made_at, program, node, schema_step, postgres_major, listed, counted, has_secrets, shape)
    raise ValueError("the manifest is not one of a backup")


def _member(told: object) -> Member:
    match told:
        case {"bytes": int(stored_bytes), "sha256": str(sha256)}:
            return Member(stored_bytes, sha256)
    raise ValueError("a member of the manifest says not what it holds")


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made: where, how large, and what it says of itself."""

    path: str
    archive_bytes: int
    manifest: Manifest = field(repr=False)


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored from a backup: where to, its schema as it is now, and how many rows were proven to be there."""

    data_dir: str
    manifest: Manifest = field(repr=False)
    schema_step: str = ""
    rows: Mapping[str, int] = field(default_factory=dict)
