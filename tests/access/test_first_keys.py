"""The keys a node has from its first start on."""

from pathlib import Path

import pytest

from tests.support.clock import ManualClock
from trinity_beast.access import (
    AdminKeyWeak,
    Digests,
    Grant,
    Keys,
    Kind,
    ServerSecretDiffers,
    ServerSecretInvalid,
    admin_key,
    demo_key,
    kind_of,
    server_digests,
)
from trinity_beast.randomness import SystemSecrets
from trinity_beast.storage import Database, DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data").take()


def kept_bytes(folder: DataFolder) -> bytes:
    return b"".join(path.read_bytes() for path in folder.path.rglob("*") if path.is_file())


def test_the_server_secret_is_made_once(folder: DataFolder) -> None:
    assert server_digests(folder, SystemSecrets()).fingerprint == server_digests(folder, SystemSecrets()).fingerprint


async def test_the_demo_key_is_the_same_at_every_start(folder: DataFolder, keys: Keys, digests: Digests) -> None:
    first = await demo_key(folder, keys, digests)
    again = await demo_key(folder, keys, digests)

    assert first == again
    assert kind_of(first) is Kind.DEMO
    grant = (await keys.resolve([digests.digest_of(first)]))[digests.digest_of(first)]
    assert isinstance(grant, Grant)
    assert (grant.tier, grant.rate_per_second, grant.in_url, grant.udp) == ("demo", 3.0, True, True)
    assert len(await keys.listing()) == 1


async def test_a_damaged_demo_key_is_made_anew(folder: DataFolder, keys: Keys, digests: Digests) -> None:
    first = await demo_key(folder, keys, digests)
    folder.keep_secret("demo-key", first[:-1].encode())
    assert await demo_key(folder, keys, digests) == first


async def test_nodes_with_one_server_secret_have_one_demo_key(folder: DataFolder, keys: Keys, digests: Digests, tmp_path: Path) -> None:
    other = DataFolder(tmp_path / "other").take()
    assert await demo_key(folder, keys, digests) == await demo_key(other, keys, digests)
    assert len(await keys.listing()) == 1
    stranger = Digests(bytes(range(1, 33)))
    assert await demo_key(DataFolder(tmp_path / "third").take(), keys, stranger) != await demo_key(folder, keys, digests)


@pytest.mark.parametrize("given", ["00" * 32, "AbCd" * 16, "A" * 43 + "=", "-_" * 32])
def test_a_given_server_secret_wins_and_is_not_kept(folder: DataFolder, given: str) -> None:
    own = server_digests(folder, SystemSecrets()).fingerprint
    assert server_digests(folder, SystemSecrets(), given=f" {given}\n").fingerprint != own
    assert server_digests(folder, SystemSecrets()).fingerprint == own
    assert given.encode() not in kept_bytes(folder)


@pytest.mark.parametrize("given", ["short", "00" * 31, "A" * 42, "0x" + "00" * 32, "é" * 64])
def test_a_server_secret_that_cannot_be_used_is_refused_and_not_told(folder: DataFolder, given: str) -> None:
    with pytest.raises(ServerSecretInvalid) as refused:
        server_digests(folder, SystemSecrets(), given=given)
    assert given not in str(refused.value)


async def test_nodes_of_one_database_share_one_server_secret(keys: Keys, database: Database, clock: ManualClock) -> None:
    await keys.expect_one_secret()
    await keys.expect_one_secret()
    other = Keys(database, Digests(bytes(range(1, 33))), clock, SystemSecrets())
    with pytest.raises(ServerSecretDiffers):
        await other.expect_one_secret()


def test_the_admin_key_is_shown_once_and_only_its_digest_is_kept(folder: DataFolder, digests: Digests) -> None:
    first = admin_key(folder, digests, SystemSecrets())
    again = admin_key(folder, digests, SystemSecrets())

    assert first.shown_once is not None
    assert again.shown_once is None
    assert again.key.matches(first.shown_once)
    assert not again.key.matches(first.shown_once[:-1])
    assert first.shown_once.encode() not in kept_bytes(folder)
    assert first.shown_once not in repr(first)
    assert kind_of(first.shown_once) is None, "an admin key is no API key"


def test_a_lost_admin_key_is_made_anew_once_its_digest_is_removed(folder: DataFolder, digests: Digests) -> None:
    first = admin_key(folder, digests, SystemSecrets())
    (folder.path / "secrets" / "admin-key-digest").unlink()
    second = admin_key(folder, digests, SystemSecrets())
    assert second.shown_once is not None
    assert not second.key.matches(str(first.shown_once))


def test_a_given_admin_key_wins_and_is_not_kept(folder: DataFolder, digests: Digests) -> None:
    own = admin_key(folder, digests, SystemSecrets()).shown_once
    given = admin_key(folder, digests, SystemSecrets(), given="from-the-environment-0123456789")
    assert given.shown_once is None
    assert given.key.matches("from-the-environment-0123456789")
    assert not given.key.matches(str(own))
    assert b"from-the-environment" not in kept_bytes(folder)
    assert admin_key(folder, digests, SystemSecrets()).key.matches(str(own))


def test_a_weak_admin_key_is_refused(folder: DataFolder, digests: Digests) -> None:
    with pytest.raises(AdminKeyWeak):
        admin_key(folder, digests, SystemSecrets(), given="hunter2")
