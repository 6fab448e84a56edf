"""The data folder: for its owner alone, and for one program at a time."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.clock import ManualClock
from trinity_beast.storage import DataFolder, DataFolderBusy, DataFolderUnusable


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_only_its_owner_can_enter_the_folder_and_read_what_is_in_it(tmp_path: Path) -> None:
    with DataFolder(tmp_path / "deep" / "data") as folder:
        folder.keep_secret("server-secret", b"hush")
        folder.note("database-url", "somewhere")

        assert {path.name for path in folder.path.iterdir() if path.is_dir()} == {"secrets", "quotas", "run", "logs", "spool"}
        for path in [folder.path, *folder.path.rglob("*")]:
            assert mode(path) == (0o700 if path.is_dir() else 0o600), path


def test_a_second_program_is_refused_and_told_who_holds_the_folder(tmp_path: Path, clock: ManualClock) -> None:
    with DataFolder(tmp_path, clock), pytest.raises(DataFolderBusy) as refusal:
        DataFolder(tmp_path).take()

    assert refusal.value.facts == {"folder": str(tmp_path), "pid": os.getpid(), "since": clock.now().isoformat()}


def test_a_released_folder_is_free_again(tmp_path: Path) -> None:
    with DataFolder(tmp_path):
        pass
    with DataFolder(tmp_path) as folder:
        assert folder.is_taken
    assert not folder.is_taken


def test_a_killed_program_leaves_the_folder_free(tmp_path: Path) -> None:
    holding = "import sys; from pathlib import Path; from trinity_beast.storage import DataFolder\n"
    holding += "DataFolder(Path(sys.argv[1])).take(); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", holding, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(DataFolderBusy) as refusal:
            DataFolder(tmp_path).take()
        assert refusal.value.facts["pid"] == holder.pid
        holder.kill()

    with DataFolder(tmp_path) as folder:
        assert folder.is_taken


def test_a_child_of_ours_does_not_hold_the_lock_after_us(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path).take()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE):
        folder.release()
        with DataFolder(tmp_path) as again:
            assert again.is_taken


def test_a_folder_that_cannot_be_made_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataFolderUnusable) as refusal:
        DataFolder(tmp_path / "file" / "data").take()
    assert refusal.value.facts["reason"] == "File exists"


def test_a_secret_is_kept_whole_and_an_absent_one_is_none(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as folder:
        assert folder.secret("demo-key") is None
        folder.keep_secret("demo-key", b"first, and longer")
        folder.keep_secret("demo-key", b"second")
    assert DataFolder(tmp_path).secret("demo-key") == b"second"
    assert [path.name for path in (tmp_path / "secrets").iterdir()] == ["demo-key"]


def test_a_note_can_be_taken_away(tmp_path: Path) -> None:
    with DataFolder(tmp_path) as folder:
        folder.note("database-url", "somewhere")
        assert folder.noted("database-url") == "somewhere"
        folder.note("database-url", None)
        folder.note("database-url", None)
        assert folder.noted("database-url") is None
