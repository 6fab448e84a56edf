"""The `beast spool` verbs as a shell sees them: what goes to stdout, what to stderr, and the exit code."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from tests.support.segments import BOOT, Layout, Written
from trinity_beast.usage.commands import spool_app


@pytest.fixture
def app(tmp_path: Path) -> typer.Typer:
    return spool_app(lambda data_dir: (data_dir or tmp_path) / "spool")


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    directory = tmp_path / "spool"
    directory.mkdir()
    return directory


def run(app: typer.Typer, *arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_list_prints_a_table_of_segments_and_talks_on_stderr(app: typer.Typer, spool: Path) -> None:
    path = Layout().write(spool, [Written()] * 3)
    result = run(app, "list")
    assert result.exit_code == 0
    heading, row = result.stdout.splitlines()
    assert " ".join(heading.split()) == "segment state node thread first record first records lost before torn bytes bytes"
    assert row.split() == [path.name, "sealed", "BeastMain", "3", "2026-11-20T07:40:00.101000Z", "41", "3", "2", "0", "16,576"]
    assert "Segments: 1; records: 3; bytes: 16,576; in " in result.stderr


def test_list_as_json_is_one_object_for_programs(app: typer.Typer, spool: Path) -> None:
    path = Layout().write(spool, [Written()])
    (spool / "bad.sealed").write_bytes(b"x" * 8)
    result = run(app, "list", "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert (told["directory"], told["records"], told["segments"][0]["path"]) == (str(spool), 1, str(path))
    assert told["segments"][0]["created"] == "2026-11-20T07:40:00.101000Z"
    assert told["unreadable"] == [{"path": str(spool / "bad.sealed"), "reason": "no spool segment: the file does not begin with our mark"}]


def test_list_names_what_it_cannot_read(app: typer.Typer, spool: Path) -> None:
    (spool / "bad.sealed").write_bytes(b"x" * 8)
    result = run(app, "list")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "Segments: 0;" in result.stderr
    assert "bad.sealed: no spool segment" in result.stderr


def test_print_shows_every_record_in_order(app: typer.Typer, spool: Path) -> None:
    Layout().write(spool, [Written(), Written(asset=b"ETH", asset_count=4, source=0, state=0, cache_tier=0)])
    result = run(app, "print")
    assert result.exit_code == 0
    heading, first, second = result.stdout.splitlines()
    assert " ".join(heading.split()) == "time request key asset source state tier code status by µs bytes thread sequence"
    assert first.split() == [
        *("2026-11-20T07:40:00.101000Z", "000000000000", "7", "BTC", "lab:coinbase-ws", "live", "memory"),
        *("OK", "200", "udp", "7", "512", "3", "41"),
    ]
    assert second.split()[3:8] == ["ETH", "+3", "-", "-", "-"]


def test_print_as_json_is_one_object_a_line(app: typer.Typer, spool: Path) -> None:
    Layout().write(spool, [Written()] * 3)
    lines = [json.loads(line) for line in run(app, "print", "--json").stdout.splitlines()]
    assert [line["sequence"] for line in lines] == [41, 42, 43]
    assert (lines[0]["boot"], lines[0]["time"], lines[0]["time_ns"]) == (
        BOOT.hex(),
        "2026-11-20T07:40:00.101000Z",
        1_795_160_400_101_000_500,
    )


def test_print_can_be_held_to_the_newest(app: typer.Typer, spool: Path) -> None:
    Layout(number=1).write(spool, [Written()] * 3, created_ns=1)
    Layout(number=2, first_sequence=50).write(spool, [Written()] * 2, created_ns=2)
    lines = [json.loads(line) for line in run(app, "print", "--json", "--last", "3").stdout.splitlines()]
    assert [line["sequence"] for line in lines] == [43, 50, 51]


def test_print_takes_files_of_one_s_own_choice(app: typer.Typer, spool: Path, tmp_path: Path) -> None:
    Layout().write(spool, [Written()])
    other = Layout(first_sequence=900).write(tmp_path, [Written()])
    lines = run(app, "print", "--json", str(other)).stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [900]


def test_an_empty_spool_prints_nothing(app: typer.Typer, spool: Path) -> None:
    assert spool.exists()
    for arguments in (["print"], ["print", "--json"], ["list"]):
        result = run(app, *arguments)
        assert (result.exit_code, result.stdout) == (0, "")


def test_more_records_than_one_table_are_all_printed(app: typer.Typer, spool: Path) -> None:
    Layout(capacity=3_000).write(spool, [Written()] * 2_500)
    rows = [line for line in run(app, "print").stdout.splitlines() if not line.startswith("time")]
    assert [int(row.split()[-1]) for row in rows] == list(range(41, 2_541))


def test_a_spool_that_is_not_there_fails_with_a_sentence(app: typer.Typer, tmp_path: Path) -> None:
    for verb in ("list", "print"):
        result = run(app, verb, "--data-dir", str(tmp_path / "nowhere"))
        assert (result.exit_code, result.stdout) == (1, "")
        assert "SPOOL_UNREADABLE" in result.stderr
        assert "nowhere" in result.stderr


def test_misuse_is_told_apart_from_failure(app: typer.Typer, spool: Path) -> None:
    assert spool.exists()
    for arguments in (["print", "--last", "0"], ["list", "--nonsense"], ["shred"]):
        assert run(app, *arguments).exit_code == 2


def test_every_verb_explains_itself_with_an_example(app: typer.Typer) -> None:
    for verb in ("list", "print"):
        result = run(app, verb, "--help")
        assert result.exit_code == 0
        assert f"Example: beast spool {verb}" in result.stdout
