"""Ten faults, each planted for real where the machine allows it, and each found with its fix."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.node import UNSYNCED
from tests.support.valkey import ValkeyServerOfATest
from trinity_beast.clock import Clock, SystemClock
from trinity_beast.ops.doctor import Diagnosis, Doctor, Listener, Machine, Premises, Standing
from trinity_beast.ops.doctor.model import Room
from trinity_beast.storage import Database, DataFolder, EmbeddedPostgres, Surroundings, Whereabouts, upgrade


class OffClock(SystemClock):
    """The machine's clock on a machine whose clock is off."""

    def __init__(self, off: timedelta) -> None:
        self._off = off

    def now(self) -> datetime:
        return super().now() + self._off


async def examined(
    place: Path,
    *,
    database_url: str = "",
    cache_url: str = "",
    listeners: Sequence[Listener] = (),
    machine: Machine | None = None,
    clock: Clock | None = None,
) -> dict[str, Diagnosis]:
    premises = Premises(Whereabouts(place / "data", database_url), listeners, cache_url)
    heard: list[Diagnosis] = []
    found = await Doctor(premises, clock or SystemClock(), machine or Machine()).examine(heard.append)
    assert heard == found
    return {each.check: each for each in found}


def wrong_alone(found: dict[str, Diagnosis], check: str) -> Diagnosis:
    """The one thing that is wrong, with its fix."""
    assert [each.check for each in found.values() if each.standing is Standing.WRONG] == [check], found
    assert found[check].fix
    return found[check]


async def test_a_sound_machine_is_found_sound_and_nothing_is_made(tmp_path: Path, own_database_url: str, valkey_url: str) -> None:
    found = await examined(tmp_path, database_url=own_database_url, cache_url=valkey_url)

    assert all(each.standing is not Standing.WRONG for each in found.values()), found
    assert {each for each in found if found[each].standing is Standing.GOOD} >= {
        "Python",
        "PostgreSQL",
        "schema",
        "feed table",
        "node names",
        "Valkey",
        "clock and database",
        "clock and Valkey",
    }
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - It blocks nobody.


async def test_it_finds_small_kernel_buffers(tmp_path: Path) -> None:
    bound = tmp_path / "proc/sys/net/core/rmem_max"
    bound.parent.mkdir(parents=True)
    bound.write_text("65536\n")

    found = await examined(tmp_path, machine=Machine(proc=tmp_path / "proc"))

    assert "sysctl -w net.core.rmem_max=4194304" in wrong_alone(found, "net.core.rmem_max").fix
    assert found["net.core.wmem_max"].standing is Standing.UNSEEN


def test_it_finds_a_low_file_limit(tmp_path: Path) -> None:
    beast = Path(sys.executable).parent / "beast"
    told = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -n 512; exec {beast} doctor --json --data-dir {tmp_path / 'data'}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )

    looks = {look["check"]: look for look in json.loads(told.stdout)["diagnoses"]}
    assert told.returncode == 1
    assert looks["open files"]["standing"] == "wrong"
    assert "LimitNOFILE" in looks["open files"]["fix"]


@pytest.mark.parametrize("is_udp", [False, True])
async def test_it_finds_a_port_that_is_taken(tmp_path: Path, *, is_udp: bool) -> None:
    with socket.socket(type=socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM) as other:
        other.bind(("127.0.0.1", 0))
        if not is_udp:
            other.listen()
        port = other.getsockname()[1]
        check = f"port {port}/{'udp' if is_udp else 'tcp'}"

        found = await examined(tmp_path, listeners=[Listener("price", "127.0.0.1", port, is_udp), Listener("other", "127.0.0.1", 0)])

        assert "ss -l" in wrong_alone(found, check).fix
    assert (await examined(tmp_path, listeners=[Listener("price", "127.0.0.1", port, is_udp)]))[check].standing is Standing.GOOD


async def test_it_finds_a_clock_that_is_off(tmp_path: Path, own_database_url: str) -> None:
    for off in (timedelta(seconds=-90), timedelta(seconds=90)):
        found = await examined(tmp_path, database_url=own_database_url, clock=OffClock(off))

        assert ("ahead of" if off > timedelta(0) else "behind") in wrong_alone(found, "clock and database").found


@pytest.mark.parametrize("room", [Room(100_000_000, 10**12), Room(10**12, 10**12, files_free=3)])
async def test_it_finds_a_disk_that_is_nearly_full(tmp_path: Path, room: Room) -> None:
    found = await examined(tmp_path, machine=Machine(room=lambda _: room))

    assert "beast backup" in wrong_alone(found, "disk").fix


async def test_it_finds_a_schema_that_is_behind(tmp_path: Path, own_database: Database) -> None:
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("UPDATE alembic_version SET version_num = '0009'"))

    found = await examined(tmp_path, database_url=own_database.url)

    assert "behind" in wrong_alone(found, "schema").found
    assert found["feed table"].standing is Standing.UNSEEN


async def test_it_finds_a_schema_that_is_newer(tmp_path: Path, own_database: Database) -> None:
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))

    assert "newer" in wrong_alone(await examined(tmp_path, database_url=own_database.url), "schema").found


async def test_it_finds_that_valkey_is_away(tmp_path: Path, own_valkey: ValkeyServerOfATest) -> None:
    own_valkey.kill()

    found = await examined(tmp_path, cache_url=own_valkey.url)

    assert "CACHE_URL" in wrong_alone(found, "Valkey").fix


async def test_it_finds_that_the_database_is_away(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"postgresql://beast@127.0.0.1:{nobody.getsockname()[1]}/beast"

        assert "DATABASE_URL" in wrong_alone(await examined(tmp_path, database_url=url), "database").fix


async def test_it_finds_a_broken_feed_table(tmp_path: Path, own_database: Database) -> None:
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("UPDATE exchange_feeds SET price_path = 'a..b[' WHERE venue = 'kraken'"))

    diagnosis = wrong_alone(await examined(tmp_path, database_url=own_database.url), "feed table")

    assert "kraken" in diagnosis.found
    assert "beast feeds rollback kraken" in diagnosis.fix


async def test_it_finds_a_certificate_that_has_expired(tmp_path: Path, own_database_url: str) -> None:
    now = datetime.now(UTC)
    for ends, standing in ((-1, Standing.WRONG), (5, Standing.WEAK), (400, Standing.GOOD)):
        file = tmp_path / "ca.pem"
        file.write_bytes(certificate(now - timedelta(days=30), now + timedelta(days=ends)))

        found = await examined(tmp_path, database_url=f"{own_database_url}?sslmode=prefer&sslrootcert={file}")

        assert found[f"certificate {file}"].standing is standing
    file.write_bytes(b"not one")
    found = await examined(tmp_path, database_url=f"{own_database_url}?sslrootcert={file}")
    assert "no certificate" in wrong_alone(found, f"certificate {file}").found


async def test_it_finds_two_nodes_of_one_name(tmp_path: Path, own_database: Database) -> None:
    row = (
        "INSERT INTO cluster_nodes (node_id, name, nodes_known, joined_at, seen_at, left_at) VALUES (:id, :name, 2, now(), {seen}, {left})"
    )
    async with own_database.transaction() as tx:
        await tx.execute(sa.text(row.format(seen="now()", left="NULL")), [{"id": "a", "name": "Twin"}, {"id": "b", "name": "Twin"}])
        await tx.execute(sa.text(row.format(seen="now() - interval '1 day'", left="NULL")), [{"id": "c", "name": "Gone"}])
        await tx.execute(sa.text(row.format(seen="now()", left="now()")), [{"id": "d", "name": "Gone"}])

    assert "Twin" in wrong_alone(await examined(tmp_path, database_url=own_database.url), "node names").found


async def test_it_finds_secrets_others_can_read(tmp_path: Path) -> None:
    secrets = tmp_path / "data/secrets"
    secrets.mkdir(parents=True, mode=0o700)
    (secrets / "server-secret").touch(mode=0o644)
    (secrets / "server-secret").chmod(0o644)

    assert "chmod" in wrong_alone(await examined(tmp_path), "data folder").fix


async def test_it_looks_into_a_database_that_stands_still_and_leaves_it_as_it_was(place: Path) -> None:
    with DataFolder(place / "data") as folder:
        postgres = EmbeddedPostgres(folder, Surroundings(settings=UNSYNCED))
        postgres.start()
        postgres.stop()

    found = await examined(place)

    assert "no step at all" in wrong_alone(found, "schema").found
    assert DataFolder(place / "data").held_by() is None


async def test_it_looks_into_the_database_of_a_node_that_runs(place: Path) -> None:
    with DataFolder(place / "data") as folder, socket.socket() as its_port:
        its_port.bind(("127.0.0.1", 0))
        its_port.listen()
        postgres = EmbeddedPostgres(folder, Surroundings(settings=UNSYNCED))
        upgrade(postgres.start())
        listener = Listener("price", "127.0.0.1", its_port.getsockname()[1])

        found = await examined(place, listeners=[listener])
        postgres.stop()

    assert all(each.standing is not Standing.WRONG for each in found.values()), found
    assert f"pid {os.getpid()}" in found[f"port {listener.port}/tcp"].found


def certificate(valid_from: datetime, valid_until: datetime) -> bytes:
    """A certificate signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "db.example.org")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = builder.not_valid_before(valid_from).not_valid_after(valid_until).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM)
