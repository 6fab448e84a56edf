"""An archive is read back as it was written, or refused."""

import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.ops.backup import BackupDamaged, BackupFailed, BackupThere, Manifest
from trinity_beast.ops.backup.archive import Archive, ArchiveWriter, new_file
from trinity_beast.ops.backup.gathering import kept_files, outdated
from trinity_beast.ops.backup.model import manifest_of

MEMBERS = {"secrets/server-secret": b"s" * 32, "spool/a.sealed": bytes(5_000), "database.dump": bytes(range(256)) * 40}


def manifest(writer: ArchiveWriter) -> Manifest:
    return Manifest(
        "2026-11-20T07:40:00Z", "trinity-beast 0", "BeastMain", "0010", 15, dict(writer.members), {"api_keys": 2}, has_secrets=True
    )


def silent(_phase: str, _done: int, _total: int | None) -> None:
    """Say nothing of progress."""


def written(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    writer = ArchiveWriter(Unsynced(file))
    for name, content in members.items():
        writer.add(name, [content[:100], content[100:]])
    writer.finish(manifest(writer), silent)
    return file.getvalue()


class Unsynced(io.BytesIO):
    """A file in memory, whose descriptor is some real file's so that it can be synced."""

    def __init__(self, into: io.BytesIO) -> None:
        super().__init__()
        self._into, self._real = into, os.memfd_create("synced")

    def fileno(self) -> int:
        return self._real

    def flush(self) -> None:
        self._into.seek(0)
        self._into.truncate()
        self._into.write(self.getvalue())

    def __del__(self) -> None:
        os.close(self._real)


WHOLE = written(MEMBERS)


def read(packed: bytes) -> dict[str, bytes]:
    archive = Archive(io.BytesIO(packed), silent)
    return {name: b"".join(archive.chunks(name)) for name in archive.names()}


@given(st.dictionaries(st.from_regex(r"\A[a-z]{1,9}(/[a-z0-9][a-z0-9-]{0,9})?\Z"), st.binary(max_size=3_000), max_size=5))
def test_what_was_written_is_read_back(members: dict[str, bytes]) -> None:
    assert read(written(members)) == members


def test_any_tar_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a.beast").write_bytes(WHOLE)

    with tarfile.open(tmp_path / "a.beast") as tar:
        assert tar.getnames() == [*(f"{name}.zst" for name in MEMBERS), "manifest.json", "seal"]


@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_one_changed_byte_anywhere_and_it_is_refused(at: int, change: int) -> None:
    damaged = bytearray(WHOLE)
    damaged[at] ^= change

    with pytest.raises(BackupDamaged):
        read(bytes(damaged))


@given(st.integers(0, len(WHOLE) - 1))
def test_cut_short_anywhere_it_is_refused(length: int) -> None:
    with pytest.raises(BackupDamaged):
        read(WHOLE[:length])


@given(st.binary(max_size=3_000))
def test_other_bytes_are_refused(packed: bytes) -> None:
    for each in (packed, WHOLE + packed + b"x"):
        with pytest.raises(BackupDamaged):
            read(each)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b", "a//b", ".hidden", "spool/.x", "a" * 200])
def test_a_member_that_would_leave_its_folder_is_refused(name: str) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO())

    with pytest.raises(BackupDamaged):
        read(file.getvalue())


@given(st.binary(max_size=200) | st.just(b'{"format": 1}') | st.just(b"[]"))
def test_what_is_no_manifest_is_refused_by_name(packed: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        manifest_of(packed)


def test_a_file_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_text("precious")

    with pytest.raises(BackupThere), new_file(there):
        raise AssertionError("it is not even begun")
    with pytest.raises(BackupThere), new_file(tmp_path / "later"):
        (tmp_path / "later").write_text("precious")

    assert there.read_text() == (tmp_path / "later").read_text() == "precious"


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    def half() -> None:
        with new_file(tmp_path / "half") as file:
            file.write(b"x" * 100_000)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    with pytest.raises(BackupFailed), new_file(tmp_path / "no folder" / "half"):
        raise AssertionError("there is no folder to begin in")

    assert list(tmp_path.iterdir()) == []


def test_it_is_its_owners_alone(tmp_path: Path) -> None:
    with new_file(tmp_path / "mine") as file:
        file.write(b"x")

    assert (tmp_path / "mine").stat().st_mode & 0o777 == 0o600


def test_a_segment_that_is_sealed_while_we_read_is_found_under_its_new_name(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "one.open").touch()
    (spool / ".draft").touch()
    (spool / "two.packing").touch()
    (spool / "link.open").symlink_to("one.open")

    names = []
    for name, path in kept_files(tmp_path):
        names.append(name)
        if path.suffix == ".open":
            path.rename(path.with_suffix(".sealed"))

    assert names == ["spool/one.open", "spool/one.sealed"]
    assert outdated(names) == {"spool/one.open"}
    assert outdated(["spool/a.open", "spool/b.sealed"]) == set()
