"""The embedded PostgreSQL in its good days: made, started, entered, stopped, by root and by a normal user, on both servers."""

import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.support.node import UNSYNCED, start_node
from tests.support.places import IS_ROOT
from tests.support.processes import lives, wait_for_end
from trinity_beast.storage import DataFolder, EmbeddedPostgres, Surroundings, upgrade
from trinity_beast.storage.embedded import ADDRESS


def test_it_is_made_started_and_stopped_by_whoever_runs_us(starter: tuple[str, Path], bin_dir: Path) -> None:
    user, folder = starter
    for start in ("cold", "warm"):
        node = start_node(folder, bin_dir=bin_dir, user=user)
        with psycopg.connect(node.said["url"]) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("beast",), start
        owner = (Path("/proc") / str(node.postgres_pid)).stat().st_uid
        assert (owner != 0) if IS_ROOT else lives(node.postgres_pid)
        node.stop()
        assert not lives(node.postgres_pid)


def test_every_migration_runs_on_both_servers(place: Path, bin_dir: Path) -> None:
    with DataFolder(place / "data") as folder:
        postgres = EmbeddedPostgres(folder, Surroundings(bin_dir=bin_dir, settings=UNSYNCED))
        upgrade(postgres.start())
        postgres.stop()


def test_other_programs_of_ours_find_its_address_while_it_runs(place: Path, any_bin_dir: Path) -> None:
    with DataFolder(place / "data") as folder:
        postgres = EmbeddedPostgres(folder, Surroundings(bin_dir=any_bin_dir, settings=UNSYNCED))
        url = postgres.start()
        assert DataFolder(place / "data").noted(ADDRESS) == url
        postgres.stop()
        postgres.stop()
        assert folder.noted(ADDRESS) is None


def test_nobody_enters_without_the_password(place: Path, any_bin_dir: Path) -> None:
    with DataFolder(place / "data") as folder:
        postgres = EmbeddedPostgres(folder, Surroundings(bin_dir=any_bin_dir, settings=UNSYNCED))
        address = make_url(postgres.start()).set(password="guessed").render_as_string(hide_password=False)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(address)
        postgres.stop()


def test_the_thread_that_asked_for_it_may_end(place: Path, any_bin_dir: Path) -> None:
    """The kernel's signal comes when the thread that forked ends, so it must not be the asking one."""
    with DataFolder(place / "data") as folder:
        postgres = EmbeddedPostgres(folder, Surroundings(bin_dir=any_bin_dir, settings=UNSYNCED))
        asking = threading.Thread(target=postgres.start)
        asking.start()
        asking.join()
        pid = postgres.pid
        assert pid is not None
        with pytest.raises(AssertionError, match="still runs"):
            wait_for_end(pid, within_seconds=0.5)
        postgres.stop()


def test_a_program_that_ends_without_stopping_it_leaves_none_behind(starter: tuple[str, Path], any_bin_dir: Path) -> None:
    user, folder = starter
    node = start_node(folder, bin_dir=any_bin_dir, user=user)
    node.kill()
    wait_for_end(node.postgres_pid)

    again = start_node(folder, bin_dir=any_bin_dir, user=user)
    assert "url" in again.said
    again.stop()
