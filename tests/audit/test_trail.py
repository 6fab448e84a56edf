"""Every change of a kept table is in the trail, whoever made it."""

import asyncio

import psycopg
import pytest

from tests.support.clock import ManualClock
from tests.support.randomness import SeededSecrets
from trinity_beast.access import Digests, Keys, Kind, Restrictions, Tiers, Wanted, WantedTier
from trinity_beast.audit import Audit, Entry, Signature, Sought, expect_version, note, versions
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.storage import Database

ADA = Signature("Ada (192.0.2.7)", "because")


@pytest.fixture
def keys(database: Database, clock: ManualClock, secrets: SeededSecrets) -> Keys:
    return Keys(database, Digests(bytes(range(32))), clock, secrets)


async def newest(database: Database, **sought: object) -> Entry:
    return (await Audit(database).entries(Sought(**sought)))[0]  # type: ignore[arg-type]  # Each by its name.


async def test_what_is_made_restricted_and_ended_is_kept_with_who_and_why(keys: Keys, database: Database) -> None:
    issued = await keys.make(Wanted("free", "mine"), ADA)
    await keys.restrict(issued.key.key_id, Restrictions(burst=3), by=ADA)
    await keys.revoke(issued.key.key_id, by=ADA)

    entries = await Audit(database).entries(Sought("key", issued.key.public_id))
    assert [(each.action, each.by, each.reason) for each in entries] == [
        ("revoked", ADA.by, "because"), ("restricted", ADA.by, "because"), ("created", ADA.by, "because")
    ]  # fmt: skip
    revoked, restricted, created = entries
    assert (restricted.before, restricted.after) == ({"burst": None}, {"burst": 3})
    assert revoked.before == {"revoked_at": None}
    assert created.before is None
    assert created.after is not None
    assert created.after["tier"] == "free"


async def test_no_digest_and_no_secret_is_in_the_trail(keys: Keys, database: Database) -> None:
    issued = await keys.make(Wanted("free", "mine", Kind.URL), ADA)
    told = str(await Audit(database).entries(Sought(limit=1_000)))
    assert issued.secret not in told
    assert issued.key.digest.hex() not in told
    assert "digest" not in told


async def test_a_rotation_is_told_as_one_on_both_keys(keys: Keys, database: Database, clock: ManualClock) -> None:
    old = await keys.make(Wanted("free", "mine"), ADA)
    new = await keys.rotate(old.key.key_id, overlap=clock.now() - clock.now(), by=ADA)
    for key in (old.key, new.key):
        assert (await newest(database, kind="key", subject=key.public_id)).action == "rotated"


async def test_counting_use_leaves_no_trace(keys: Keys, database: Database) -> None:
    issued = await keys.make(Wanted("free", "mine"), ADA)
    before = await newest(database)
    await keys.add_use({issued.key.key_id: 5})
    assert await newest(database) == before


async def test_who_did_not_sign_is_told_by_the_databases_name_for_them(own_database: Database, own_database_url: str) -> None:
    with psycopg.connect(own_database_url) as hand:
        hand.execute("UPDATE rate_limit_template SET burst = 21 WHERE tier = 'free'")
        user = hand.execute("SELECT session_user").fetchone()
    entry = await newest(own_database, kind="tier", subject="free")
    assert user is not None
    assert (entry.by, entry.action, entry.before, entry.after) == (user[0], "changed", {"burst": 20}, {"burst": 21})


async def test_a_signature_ends_with_its_transaction(own_database: Database, own_database_url: str) -> None:
    tiers = Tiers(own_database)
    await tiers.save(WantedTier("trial", (await tiers.tier("free")).rate_per_second, 5, 10, 0, {}, 60), ADA)
    async with own_database.transaction():
        pass
    with psycopg.connect(own_database_url) as hand:
        hand.execute("DELETE FROM rate_limit_template WHERE tier = 'trial'")
    entry = await newest(own_database, kind="tier", subject="trial")
    assert entry.action == "removed"
    assert entry.by != ADA.by


async def test_pages_go_on_below_an_entry(keys: Keys, database: Database) -> None:
    for number in range(3):
        await keys.make(Wanted("free", f"key {number}"), ADA)
    first = await Audit(database).entries(Sought("key", limit=2))
    rest = await Audit(database).entries(Sought("key", before=first[-1].entry_id, limit=2))
    assert [each.after and each.after["name"] for each in [*first, *rest]] == ["key 2", "key 1", "key 0"]


async def test_of_two_who_saw_the_same_one_is_told_that_the_other_was_first(own_database: Database) -> None:
    from_both = await asyncio.gather(*[_changed(own_database, name) for name in ("one", "other")], return_exceptions=True)
    assert sorted(type(each).__name__ for each in from_both) == ["ChangedMeanwhile", "NoneType"]


async def _changed(database: Database, name: str) -> None:
    async with database.transaction() as tx:
        await expect_version(tx, "thing", "it", 0)
        await note(tx, Signature(name), "thing", "it", {})


async def test_a_change_made_to_another_version_than_the_newest_is_refused(database: Database) -> None:
    async with database.transaction() as tx:
        await expect_version(tx, "thing", "it", 0)
        await note(tx, ADA, "thing", "it", {})
        version = (await versions(tx, "thing", ["it", "other"]))["it"]
        assert version > 0
        await expect_version(tx, "thing", "it", version)
        await expect_version(tx, "thing", "it", None)
        with pytest.raises(ChangedMeanwhile) as refusal:
            await expect_version(tx, "thing", "it", 0)
    assert refusal.value.facts["version"] == version
