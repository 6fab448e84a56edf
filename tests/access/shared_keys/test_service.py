"""Three layers: one look at the database for all nodes, and nothing in Valkey that grants what the database does not."""

import asyncio
from datetime import timedelta

import pytest

from tests.support.clock import ManualClock
from tests.support.randomness import SeededSecrets
from tests.support.valkey import ValkeyServerOfATest
from trinity_beast.access import ChangedLately, Digests, Grant, KeyBroadcast, Keys, Refused, SharedKeys, Wanted
from trinity_beast.access.shared_keys.sealed import KEPT_MOST
from trinity_beast.audit import Signature
from trinity_beast.clock import SystemClock
from trinity_beast.storage import Broadcasts, Database, DependencyAway, Valkey

ADA = Signature("Ada")


class CountingKeys(Keys):
    """Keys that count the looks at their database, and may be away."""

    looks = 0
    is_away = False

    async def look_up(self, digests):  # type: ignore[no-untyped-def]  # As in `Keys`.
        if self.is_away:
            raise DependencyAway(part="database")
        self.looks += 1
        return await super().look_up(digests)


class Node:
    """One node's three layers, the engine left out."""

    def __init__(self, keys: CountingKeys, shared: SharedKeys, lately: ChangedLately) -> None:
        self.keys, self.shared, self.lately = keys, shared, lately

    async def told(self, digest: bytes) -> Grant | Refused:
        told = (await self.shared.resolve([digest]))[digest]
        await self.shared.stop()  # What it shares has been shared.
        return told

    async def look(self) -> None:
        changes, at = await self.keys.changes(None, reach=self.lately.reach)
        self.lately.looked(changes, at=at, here=SystemClock().now(), is_whole=True)


@pytest.fixture
async def nodes(own_database: Database, valkey: Valkey, digests: Digests) -> list[Node]:
    """Two nodes with one database and one Valkey. What was issued more than half a minute ago may be shared."""
    made = []
    for _ in range(2):
        keys = CountingKeys(own_database, digests, SystemClock(), SeededSecrets(), KeyBroadcast(valkey))
        lately = ChangedLately()
        made.append(Node(keys, SharedKeys(keys, valkey, digests, lately, SystemClock()), lately))
    return made


async def issued_long_ago(node: Node, database: Database, digests: Digests, tier: str = "unlimited") -> tuple[bytes, int]:
    issued = await node.keys.make(Wanted(tier, "mine"), ADA)
    async with database.transaction() as tx:
        await tx.exec_driver_sql(
            "ALTER TABLE api_keys DISABLE TRIGGER USER; UPDATE api_keys SET changed_at = now() - interval '1 hour';"
            "UPDATE rate_limit_template SET changed_at = now() - interval '1 hour'; ALTER TABLE api_keys ENABLE TRIGGER USER"
        )
        await tx.exec_driver_sql("ALTER TABLE rate_limit_template DISABLE TRIGGER USER")
        await tx.exec_driver_sql("UPDATE rate_limit_template SET changed_at = now() - interval '1 hour'")
        await tx.exec_driver_sql("ALTER TABLE rate_limit_template ENABLE TRIGGER USER")
    return digests.digest_of(issued.secret), issued.key.key_id


async def test_what_one_node_looked_up_another_need_not(nodes: list[Node], own_database: Database, digests: Digests) -> None:
    digest, key_id = await issued_long_ago(nodes[0], own_database, digests)
    for node in nodes:
        await node.look()
    told = [await node.told(digest) for node in nodes]
    assert isinstance(told[0], Grant)
    assert told[0] == told[1]
    assert told[0].key_id == key_id
    assert [node.keys.looks for node in nodes] == [1, 0]
    assert nodes[1].shared.tally.found == 1


async def test_a_key_that_was_revoked_is_refused_whoever_puts_its_value_back(
    nodes: list[Node], own_database: Database, digests: Digests, valkey: Valkey
) -> None:
    digest, key_id = await issued_long_ago(nodes[0], own_database, digests)
    for node in nodes:
        await node.look()
    await nodes[0].told(digest)
    kept = await valkey.get(f"apikey:{digest.hex()}")
    assert kept is not None
    await nodes[0].keys.revoke(key_id, by=ADA)
    assert await valkey.get(f"apikey:{digest.hex()}") is None

    await valkey.set(f"apikey:{digest.hex()}", kept, keep_seconds=60)
    nodes[1].lately.heard(digest, here=SystemClock().now())  # As the node's watch does within a second.
    assert isinstance(await nodes[1].told(digest), Refused)

    await valkey.set(f"apikey:{digest.hex()}", kept, keep_seconds=60)
    restarted = Node(nodes[1].keys, SharedKeys(nodes[1].keys, valkey, digests, ChangedLately(), SystemClock()), ChangedLately())
    assert isinstance(await restarted.told(digest), Refused)  # It has not looked yet, and believes nothing.
    restarted = Node(nodes[1].keys, SharedKeys(nodes[1].keys, valkey, digests, restarted.lately, SystemClock()), restarted.lately)
    await restarted.look()
    assert isinstance(await restarted.told(digest), Refused)  # It has, and knows of the change.


@pytest.mark.parametrize("value", [b"", b"x", b"\xff" * 500, b"{}", b"0" * 70_000])
async def test_what_somebody_else_put_there_is_passed_over(
    nodes: list[Node], own_database: Database, digests: Digests, valkey: Valkey, value: bytes
) -> None:
    digest, key_id = await issued_long_ago(nodes[0], own_database, digests)
    stranger = digests.digest_of("nobody's")
    for node in nodes:
        await node.look()
    for each in (digest, stranger):
        await valkey.set(f"apikey:{each.hex()}", value, keep_seconds=60)
    told = await nodes[0].told(digest)
    assert isinstance(told, Grant)
    assert told.key_id == key_id
    assert isinstance(await nodes[0].told(stranger), Refused)
    assert nodes[0].shared.tally.not_believed == 2


async def test_a_value_of_another_kind_is_passed_over(nodes: list[Node], own_database: Database, digests: Digests, valkey: Valkey) -> None:
    digest, _ = await issued_long_ago(nodes[0], own_database, digests)
    await nodes[0].look()
    await valkey.do("LPUSH", f"apikey:{digest.hex()}", "x")
    assert isinstance(await nodes[0].told(digest), Grant)


async def test_unknown_keys_are_not_kept_there(nodes: list[Node], digests: Digests, valkey: Valkey) -> None:
    for number in range(5):
        assert isinstance(await nodes[0].told(digests.digest_of(f"stranger {number}")), Refused)
    assert await valkey.do("DBSIZE") == 0


async def test_no_value_outlives_its_tiers_lifetime(nodes: list[Node], own_database: Database, digests: Digests, valkey: Valkey) -> None:
    for tier, most in (("unlimited", 600), ("demo", KEPT_MOST.total_seconds()), ("free", 300)):
        digest, _ = await issued_long_ago(nodes[0], own_database, digests, tier)
        await nodes[0].look()
        await nodes[0].told(digest)
        left = await valkey.do("PTTL", f"apikey:{digest.hex()}")
        assert isinstance(left, int)
        assert (most - 30) * 1_000 < left <= most * 1_000


async def test_a_key_with_a_quota_is_let_in_by_a_fresh_count_or_when_there_is_no_other(
    nodes: list[Node], own_database: Database, digests: Digests, valkey: Valkey
) -> None:
    digest, key_id = await issued_long_ago(nodes[0], own_database, digests, "free")
    for node in nodes:
        await node.look()
    await nodes[0].told(digest)
    later = ManualClock()
    later.advance((SystemClock().now() - later.now()) + timedelta(seconds=11))
    aged = SharedKeys(nodes[1].keys, valkey, digests, nodes[1].lately, later)
    await nodes[0].keys.add_use({key_id: 40})
    told = (await aged.resolve([digest]))[digest]
    assert isinstance(told, Grant)
    assert told.quota_left == 100_000 - 40
    assert nodes[1].keys.looks == 1
    await aged.stop()

    nodes[1].keys.is_away = True
    later.advance(11)
    assert isinstance((await aged.resolve([digest]))[digest], Grant)
    assert aged.tally.stood_in == 1
    with pytest.raises(DependencyAway):
        await aged.resolve([digests.digest_of("nobody's")])
    both = await aged.resolve([digest, digests.digest_of("nobody's")])
    assert list(both) == [digest]


async def test_without_valkey_keys_are_looked_up_all_the_same(
    own_database: Database, own_valkey: ValkeyServerOfATest, digests: Digests
) -> None:
    valkey = Valkey(own_valkey.url, clock=SystemClock())
    keys = CountingKeys(own_database, digests, SystemClock(), SeededSecrets(), KeyBroadcast(valkey))
    shared = SharedKeys(keys, valkey, digests, ChangedLately(), SystemClock())
    issued = await keys.make(Wanted("free", "mine"), ADA)
    own_valkey.kill()
    told = (await shared.resolve([issued.key.digest]))[issued.key.digest]
    await shared.stop()
    assert isinstance(told, Grant)
    assert shared.tally.not_shared == 1
    await keys.revoke(issued.key.key_id, by=ADA)
    await valkey.close()


async def test_a_change_is_told_to_every_node_that_hears(own_database: Database, valkey: Valkey, valkey_url: str, digests: Digests) -> None:
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    stands = asyncio.Event()
    hearing = asyncio.create_task(
        Broadcasts(valkey_url, ["beast:keys"], SystemClock()).hear(lambda _, message: heard.put_nowait(message), on_open=stands.set)
    )
    keys = Keys(own_database, digests, SystemClock(), SeededSecrets(), KeyBroadcast(valkey))
    async with asyncio.timeout(10):
        await stands.wait()
        issued = await keys.make(Wanted("free", "mine"), ADA)
        await keys.revoke(issued.key.key_id, by=ADA)
        assert await heard.get() == f"digest {issued.key.digest.hex()}".encode()
    hearing.cancel()
