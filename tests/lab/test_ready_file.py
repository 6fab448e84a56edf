import json
from pathlib import Path

import pytest

from trinity_beast.lab import ControlAddress, LabAddresses, LabNotReached, addresses_in, write_ready_file
from trinity_beast.lab.ready_file import control_in
from trinity_beast.words import Venue

ADDRESSES = {Venue("kraken"): LabAddresses("ws://127.0.0.1:1/v2", "http://127.0.0.1:2")}


def test_what_a_lab_wrote_is_read_again(tmp_path: Path) -> None:
    file, control = tmp_path / "lab.json", ControlAddress("http://127.0.0.1:3", "token")
    write_ready_file(file, ADDRESSES, control)
    assert (addresses_in(file), control_in(file)) == (ADDRESSES, control)
    assert [path.name for path in tmp_path.iterdir()] == ["lab.json"]


def test_a_lab_that_takes_no_orders_says_no_place_for_them(tmp_path: Path) -> None:
    write_ready_file(tmp_path / "lab.json", ADDRESSES)
    with pytest.raises(LabNotReached):
        control_in(tmp_path / "lab.json")


@pytest.mark.parametrize("told", ["", "[]", "null", '{"venues": null}', '{"venues": {"kraken": {}}}', '{"venues": {"kraken": 1}}', "\x00"])
def test_a_file_that_tells_of_no_lab_is_said_so(tmp_path: Path, told: str) -> None:
    (tmp_path / "lab.json").write_text(told)
    with pytest.raises(LabNotReached):
        addresses_in(tmp_path / "lab.json")


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(LabNotReached):
        addresses_in(tmp_path / "lab.json")


def test_what_is_written_is_json_for_other_programs(tmp_path: Path) -> None:
    write_ready_file(tmp_path / "lab.json", ADDRESSES)
    assert json.loads((tmp_path / "lab.json").read_text()) == {
        "venues": {"kraken": {"ws_url": "ws://127.0.0.1:1/v2", "rest_url": "http://127.0.0.1:2"}}
    }
