"""The keys a node has from its first start on."""

from pathlib import Path

import pytest

from tests.support.randomness import SeededSecrets
from trinity_beast.access import AdminKeyWeak, Digests, Grant, Keys, Kind, admin_key, demo_key, kind_of, server_digests
from trinity_beast.randomness import SystemSecrets
from trinity_beast.storage import DataFolder


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    return DataFolder(tmp_path / "data").take()


def kept_bytes(folder: DataFolder) -> bytes:
    return b"".join(path.read_bytes() for path in folder.path.rglob("*") if path.is_file())


def test_the_server_secret_is_made_once(folder: DataFolder) -> None:
    assert server_digests(folder, SystemSecrets()).fingerprint == server_digests(folder, SystemSecrets()).fingerprint


async def test_the_demo_key_is_the_same_at_every_start(folder: DataFolder, keys: Keys, digests: Digests) -> None:
    first = await demo_key(folder, keys, SystemSecrets())
    again = await demo_key(folder, keys, SystemSecrets())

    assert first == again
    assert kind_of(first) is Kind.DEMO
    grant = (await keys.resolve([digests.digest_of(first)]))[digests.digest_of(first)]
    assert isinstance(grant, Grant)
    assert (grant.tier, grant.rate_per_second, grant.in_url, grant.udp) == ("demo", 3.0, True, True)
    assert len(await keys.listing()) == 1


async def test_a_damaged_demo_key_is_replaced(folder: DataFolder, keys: Keys, secrets: SeededSecrets) -> None:
    first = await demo_key(folder, keys, secrets)
    folder.keep_secret("demo-key", first[:-1].encode())
    assert await demo_key(folder, keys, secrets) != first


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
