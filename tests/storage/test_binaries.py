"""Which PostgreSQL is chosen, told by stand-ins that only know their version."""

from pathlib import Path

import pytest

from trinity_beast.storage import PostgresMissing, PostgresOtherMajor
from trinity_beast.storage.binaries import Binaries, fitting, found_binaries


def put_postgres(folder: Path, version: str) -> Path:
    folder.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (folder / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (folder / name).chmod(0o755)
    return folder


def test_the_configured_folder_is_the_only_one_looked_at(tmp_path: Path) -> None:
    put_postgres(tmp_path / "lib" / "17" / "bin", "17.2")
    mine = put_postgres(tmp_path / "mine", "16.1 (Custom)")
    assert found_binaries(mine, [tmp_path / "lib"]) == [Binaries(mine, 16)]


def test_the_newest_of_the_distribution_comes_before_the_wheel(tmp_path: Path) -> None:
    for major, version in [("14", "14.9"), ("15", "15.18"), ("17", "17beta1"), ("16", "16.4")]:
        put_postgres(tmp_path / major / "bin", version)
    *distribution, wheel = found_binaries(None, [tmp_path])
    assert [one.major for one in distribution] == [17, 16, 15]
    assert wheel.root is not None
    assert wheel.major >= 18


def test_without_a_distribution_the_wheel_serves(tmp_path: Path) -> None:
    assert [one.root is not None for one in found_binaries(None, [tmp_path])] == [True]


@pytest.mark.parametrize("version", ["14.9", "nonsense"])
def test_a_configured_folder_without_a_usable_postgres_is_refused(tmp_path: Path, version: str) -> None:
    folder = put_postgres(tmp_path / "bin", version)
    with pytest.raises(PostgresMissing) as refusal:
        found_binaries(folder)
    assert refusal.value.facts == {"oldest_major": 15, "looked_in": str(folder)}


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PostgresMissing):
        found_binaries(tmp_path)


def test_a_cluster_is_run_by_the_major_version_that_made_it(tmp_path: Path) -> None:
    newer, same = Binaries(tmp_path / "17", 17), Binaries(tmp_path / "16", 16)
    assert fitting([newer, same], None, reachable=lambda _: True) is newer
    assert fitting([newer, same], 16, reachable=lambda _: True) is same
    with pytest.raises(PostgresOtherMajor) as refusal:
        fitting([newer, same], 15, reachable=lambda _: True)
    assert refusal.value.facts == {"cluster_major": 15, "found_majors": [16, 17]}


def test_what_the_user_cannot_reach_is_taken_only_if_it_can_be_copied(tmp_path: Path) -> None:
    closed, wheel = Binaries(tmp_path / "17", 17), Binaries(tmp_path / "18", 18, root=tmp_path)
    assert fitting([closed, wheel], None, reachable=lambda _: False) is wheel
    assert fitting([wheel, closed], None, reachable=lambda one: one is closed) is closed
    with pytest.raises(PostgresMissing):
        fitting([closed], None, reachable=lambda _: False)
