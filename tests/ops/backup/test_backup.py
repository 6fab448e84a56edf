"""A node is backed up while it answers, and another rises from it."""

import http.client
import json
import os
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.readme.product import BEAST, Product, running
from tests.support.database import Cluster
from tests.support.places import own_place
from tests.support.processes import wait_for_end, wait_until
from tests.support.shell import beast, done
from trinity_beast.storage import DataFolder

pytestmark = pytest.mark.timeout(900)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Load:
    """One caller who asks and asks, and keeps the id of every answer."""

    def __init__(self, node: Product, secret: str) -> None:
        host, _, port = str(node.ready["addresses"]["price"]).rpartition(":")
        self._line = http.client.HTTPConnection(host, int(port), timeout=30)
        self._headers = {"X-API-Key": secret}
        self.answered: list[str] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._ask_on)

    def ask(self) -> dict[str, Any]:
        self._line.request("GET", "/price?asset=BTC", headers=self._headers)
        answer = self._line.getresponse()
        envelope: dict[str, Any] = json.loads(answer.read())
        if envelope["code"] in {"OK", "PRICE_UNAVAILABLE", "PRICE_STALE"}:
            self.answered.append(str(envelope["request_id"]))
        return envelope

    def hang_up(self) -> None:
        self._line.close()

    def _ask_on(self) -> None:
        while not self._stopping.wait(0.002):
            self.ask()

    @contextmanager
    def going_on(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._stopping.set()
            self._thread.join(30)
            self.hang_up()


def number_of(request_id: str) -> int:
    number = 0
    for character in request_id:
        number = number * 32 + ALPHABET.index(character)
    return number


def stored(data: Path) -> Counter[int]:
    """How often each request is stored in the database of a node that runs."""
    url = DataFolder(data).noted("database-url")
    assert url is not None
    with psycopg.connect(url) as connection:
        return Counter(row[0] for row in connection.execute("SELECT request_id FROM usage_logs"))


@pytest.fixture(scope="module")
def backed_up() -> Iterator[tuple[Path, str, list[str], list[str]]]:
    """A place with `one.beast`, made under load; a key; the ids answered before it was begun; and all that were answered."""
    with own_place() as place:
        (place / "first").mkdir()
        with running(place / "first", "--feeds", "none") as node:
            data = place / "first/data"
            issued = done("keys", "issue", "--tier", "internal", "--name", "loaded", "--data-dir", data)
            load = Load(node, issued["secret"])
            for _ in range(200):
                load.ask()
            before = list(load.answered)
            assert len(before) == 200
            with load.going_on():
                made = done("backup", place / "one.beast", "--data-dir", data)
        assert made["rows"]["api_keys"] == 2
        assert made["has_secrets"]
        yield place, issued["secret"], before, list(load.answered)


def test_restored_elsewhere_its_keys_work_and_its_usage_is_all_there_once(backed_up: tuple[Path, str, list[str], list[str]]) -> None:
    place, secret, before, answered = backed_up
    (place / "second").mkdir()

    restored = done("restore", place / "one.beast", "--data-dir", place / "second/data")

    assert restored["schema_now"] == restored["schema"]
    assert sorted(path.name for path in (place / "second").iterdir()) == ["data"]
    with running(place / "second", "--feeds", "none") as node:
        caller = Load(node, secret)
        assert caller.ask()["code"] == "PRICE_UNAVAILABLE"
        caller.hang_up()
        wanted = {number_of(each) for each in before}
        wait_until(lambda: wanted <= set(stored(place / "second/data")), "all use of before being stored", within_seconds=60)
        counted = stored(place / "second/data")
        known = {number_of(each) for each in answered}
        assert max(counted.values()) == 1
        assert sum(number in known for number in counted) >= len(before)
        assert "loaded" in json.dumps(done("keys", "list", "--data-dir", place / "second/data"))


def test_restored_into_an_external_database_and_backed_up_from_there(
    backed_up: tuple[Path, str, list[str], list[str]], cluster: Cluster
) -> None:  # fmt: skip
    place = backed_up[0]
    url = cluster.empty()

    restored = done("restore", place / "one.beast", "--data-dir", place / "third/data", "--database-url", url)
    again = done("backup", place / "two.beast", "--data-dir", place / "third/data", "--database-url", url)

    assert again["rows"] == restored["rows"]
    assert not (place / "third/data/postgres").exists()
    refused = beast("restore", place / "one.beast", "--data-dir", place / "fourth/data", "--database-url", url)
    assert refused.returncode == 1
    assert "replaces nothing" in refused.stderr
    assert not (place / "fourth/data").exists()


def test_a_new_node_gets_a_name_of_its_own(backed_up: tuple[Path, str, list[str], list[str]], cluster: Cluster) -> None:
    place = backed_up[0]

    done("restore", place / "one.beast", "--data-dir", place / "twin/data", "--database-url", cluster.empty(), "--as-new-node")

    assert not (place / "twin/data/run/node-id").exists()
    assert list((place / "twin/data/quotas").iterdir()) == []


def test_nothing_that_is_there_is_replaced(backed_up: tuple[Path, str, list[str], list[str]]) -> None:
    place = backed_up[0]
    (place / "used").mkdir()
    (place / "used/file").write_text("precious")

    refusals = [
        beast("restore", place / "one.beast", "--data-dir", place / "used"),
        beast("backup", place / "one.beast", "--data-dir", place / "first/data"),
        beast("backup", place / "none.beast", "--data-dir", place / "nowhere"),
    ]

    assert [each.returncode for each in refusals] == [1, 1, 1]
    assert (place / "used/file").read_text() == "precious"
    assert not (place / "none.beast").exists()
    assert not (place / "nowhere").exists()
    assert beast("restore", place / "one.beast").returncode == 2


def test_a_damaged_archive_is_refused_and_leaves_nothing(backed_up: tuple[Path, str, list[str], list[str]]) -> None:
    place = backed_up[0]
    damaged = bytearray((place / "one.beast").read_bytes())
    damaged[len(damaged) // 2] ^= 1
    (place / "damaged.beast").write_bytes(damaged)

    told = beast("restore", place / "damaged.beast", "--data-dir", place / "fifth/data")

    assert told.returncode == 1
    assert "damaged" in told.stderr
    assert not (place / "fifth").exists()
    assert beast("restore", place / "damaged.beast", "--check").returncode == 1
    assert done("restore", place / "one.beast", "--check")["data_dir"] is None


def test_a_backup_killed_half_way_leaves_nothing(backed_up: tuple[Path, str, list[str], list[str]]) -> None:
    place = backed_up[0]
    (place / "kept").mkdir()
    process = subprocess.Popen([str(BEAST), "backup", str(place / "kept/half.beast"), "--data-dir", str(place / "first/data")])
    wait_until(lambda: process.poll() is not None or _writes_into(process.pid, place / "kept"), "writing", within_seconds=120)

    assert process.poll() is None
    process.kill()
    process.wait(30)

    assert list((place / "kept").iterdir()) == []
    wait_until(lambda: DataFolder(place / "first/data").held_by() is None, "letting go of the folder")
    assert done("backup", place / "kept/whole.beast", "--data-dir", place / "first/data")["rows"]["api_keys"] == 2


def test_a_restore_killed_half_way_leaves_nothing_under_the_name_and_the_next_one_tidies_up(
    backed_up: tuple[Path, str, list[str], list[str]],
) -> None:
    place = backed_up[0]
    target = place / "sixth/data"
    process = subprocess.Popen([str(BEAST), "restore", str(place / "one.beast"), "--data-dir", str(target)], start_new_session=True)

    def pid_file() -> Path | None:
        return next(iter((place / "sixth").glob(".data.restoring-*/postgres/cluster/postmaster.pid")), None)

    wait_until(lambda: process.poll() is not None or pid_file() is not None, "PostgreSQL starting", within_seconds=120)
    assert process.poll() is None
    file = pid_file()
    assert file is not None
    postmaster = int(file.read_text().splitlines()[0])
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    wait_for_end(postmaster)

    assert not target.exists()
    assert [path.name.startswith(".data.restoring-") for path in (place / "sixth").iterdir()] == [True]
    done("restore", place / "one.beast", "--data-dir", target)
    assert [path.name for path in (place / "sixth").iterdir()] == ["data"]


def _writes_into(pid: int, folder: Path) -> bool:
    """Whether a process has a file open in a folder, nameless or not, with bytes in it."""
    for link in (Path("/proc") / str(pid) / "fd").glob("*"):
        try:
            if str(link.readlink()).startswith(f"{folder}/") and link.stat().st_size > 1_000:
                return True
        except OSError:
            continue
    return False
