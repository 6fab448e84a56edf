"""Issue, list, revoke, rotate, resolve: over a real database."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support.clock import ManualClock
from trinity_beast.access import (
    Digests,
    Grant,
    KeyExpiryInvalid,
    KeyNameInvalid,
    KeyRestrictionsInvalid,
    Keys,
    KeyState,
    KeyUnknown,
    Kind,
    Refused,
    TierUnknown,
    kind_of,
)
from trinity_beast.storage import Database

WAITING = sa.text("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")


async def told(keys: Keys, digests: Digests, secret: str) -> Grant | Refused:
    digest = digests.digest_of(secret)
    return (await keys.resolve([digest]))[digest]


async def code(keys: Keys, digests: Digests, secret: str) -> str:
    answer = await told(keys, digests, secret)
    return answer.code if isinstance(answer, Refused) else "OK"


async def test_an_issued_key_is_granted_what_its_tier_allows(keys: Keys, digests: Digests) -> None:
    issued = await keys.issue("free", "mine")
    assert kind_of(issued.secret) is Kind.LIVE
    grant = await told(keys, digests, issued.secret)
    assert isinstance(grant, Grant)
    assert (grant.key_id, grant.rate_per_second, grant.burst, grant.quota, grant.quota_left) == (
        issued.key.key_id,
        10.0,
        20,
        100_000,
        100_000,
    )


async def test_the_secret_is_stored_nowhere_and_told_by_no_repr(keys: Keys, database: Database) -> None:
    issued = await keys.issue("free", "mine")
    async with database.transaction() as tx:
        rows = (await tx.execute(sa.text("SELECT api_keys::text FROM api_keys"))).scalars().all()
    body = issued.secret.removeprefix("tb_live_")
    assert len(rows) == 1
    assert body not in rows[0]
    assert body.encode().hex() not in rows[0]
    assert body not in repr(issued)


@pytest.mark.parametrize("tier", ["demo", "free", "pro", "enterprise", "unlimited", "lifetime", "partner", "internal"])
async def test_there_is_a_key_for_every_tier(keys: Keys, digests: Digests, tier: str) -> None:
    grant = await told(keys, digests, (await keys.issue(tier, "mine")).secret)
    assert isinstance(grant, Grant)
    assert grant.unlimited is (tier in {"partner", "internal"})


async def test_an_unknown_tier_is_refused_with_those_there_are(keys: Keys) -> None:
    with pytest.raises(TierUnknown) as refusal:
        await keys.issue("gold", "mine")
    assert refusal.value.facts["tier"] == "gold"
    assert len(list(refusal.value.facts["tiers"])) == 8  # type: ignore[call-overload]  # A list of names.


@pytest.mark.parametrize("name", ["", "   ", "two\nlines", "nul\0", "x" * 101])
async def test_a_name_that_cannot_be_shown_is_refused(keys: Keys, name: str) -> None:
    with pytest.raises(KeyNameInvalid):
        await keys.issue("free", name)


async def test_no_key_but_one_of_the_demo_tier_is_public(keys: Keys) -> None:
    assert (await keys.issue("demo", "another page", kind=Kind.DEMO)).key.kind.may_travel_in_url
    with pytest.raises(KeyRestrictionsInvalid) as refusal:
        await keys.issue("partner", "mine", kind=Kind.DEMO)
    assert [mistake.location for mistake in refusal.value.mistakes] == ["kind"]


async def test_a_key_cannot_have_expired_before_it_is_made(keys: Keys, clock: ManualClock) -> None:
    with pytest.raises(KeyExpiryInvalid):
        await keys.issue("free", "mine", expires_at=clock.now())


async def test_a_key_expires_when_it_was_to(keys: Keys, digests: Digests, clock: ManualClock) -> None:
    issued = await keys.issue("free", "mine", expires_at=clock.now() + timedelta(hours=1))
    clock.advance(timedelta(minutes=59))
    assert await code(keys, digests, issued.secret) == "OK"
    clock.advance(timedelta(minutes=1))
    assert await code(keys, digests, issued.secret) == "KEY_EXPIRED"


async def test_a_rotated_key_answers_until_its_overlap_ends(keys: Keys, digests: Digests, clock: ManualClock) -> None:
    old = await keys.issue("pro", "mine", kind=Kind.TEST)
    new = await keys.rotate(old.key.key_id, overlap=timedelta(hours=1))

    assert (new.key.tier, new.key.name, new.key.kind) == ("pro", "mine", Kind.TEST)
    clock.advance(timedelta(minutes=59))
    assert [await code(keys, digests, each.secret) for each in (old, new)] == ["OK", "OK"]
    clock.advance(timedelta(minutes=1))
    assert [await code(keys, digests, each.secret) for each in (old, new)] == ["KEY_EXPIRED", "OK"]
    assert [key.successor_id for key in await keys.listing()] == [new.key.key_id, None]


async def test_a_key_is_rotated_once_and_never_after_its_end(keys: Keys, clock: ManualClock) -> None:
    rotated = await keys.issue("free", "rotated")
    await keys.rotate(rotated.key.key_id, overlap=timedelta(hours=1))
    revoked = await keys.issue("free", "revoked")
    await keys.revoke(revoked.key.key_id)
    expired = await keys.issue("free", "expired", expires_at=clock.now() + timedelta(seconds=1))
    clock.advance(1)
    for key_id in (rotated.key.key_id, revoked.key.key_id, expired.key.key_id, 999_999):
        with pytest.raises(KeyUnknown):
            await keys.rotate(key_id, overlap=timedelta(hours=1))


async def test_of_several_rotations_at_once_one_wins(own_keys: Keys, own_database: Database) -> None:
    issued = await own_keys.issue("free", "mine")
    async with own_database.transaction() as holder:
        await holder.execute(sa.text("SELECT 1 FROM api_keys FOR UPDATE"))  # Until all have come as far as they can.
        rotations = [asyncio.create_task(own_keys.rotate(issued.key.key_id, overlap=timedelta(hours=1))) for _ in range(4)]
        async with asyncio.timeout(8):
            while (await holder.execute(WAITING)).scalar_one() < 4:  # noqa: ASYNC110 - What is waited for is the server's.
                await asyncio.sleep(0)
    done = await asyncio.gather(*rotations, return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["IssuedKey", "KeyUnknown", "KeyUnknown", "KeyUnknown"]
    assert len(await own_keys.listing()) == 2


@pytest.mark.parametrize("overlap", [timedelta(seconds=-1), timedelta(days=367)])
async def test_an_overlap_has_bounds(keys: Keys, overlap: timedelta) -> None:
    issued = await keys.issue("free", "mine")
    with pytest.raises(KeyExpiryInvalid):
        await keys.rotate(issued.key.key_id, overlap=overlap)


async def test_a_revoked_key_is_refused_and_keeps_the_time_it_was_first_revoked(keys: Keys, digests: Digests, clock: ManualClock) -> None:
    issued = await keys.issue("free", "mine")
    revoked = await keys.revoke(issued.key.key_id)
    clock.advance(60)
    assert (await keys.revoke(issued.key.key_id)).revoked_at == revoked.revoked_at == clock.now() - timedelta(seconds=60)
    assert await code(keys, digests, issued.secret) == "KEY_REVOKED"


async def test_revoking_a_key_that_is_not_there_is_refused(keys: Keys) -> None:
    with pytest.raises(KeyUnknown):
        await keys.revoke(999_999)


async def test_many_keys_are_resolved_in_one_look(keys: Keys, digests: Digests) -> None:
    one, other = await keys.issue("free", "one"), await keys.issue("pro", "other")
    asked = [digests.digest_of(one.secret), b"?" * 32, digests.digest_of(other.secret)]
    answers = await keys.resolve(asked)
    assert [answers[digest].tier if isinstance(answers[digest], Grant) else answers[digest].code for digest in asked] == [  # type: ignore[union-attr]
        "free",
        "KEY_INVALID",
        "pro",
    ]


async def test_keys_are_listed_oldest_first_with_how_they_fare(keys: Keys, clock: ManualClock) -> None:
    assert await keys.listing() == []
    first = await keys.issue("free", "first")
    await keys.issue("free", "second")
    await keys.revoke(first.key.key_id)
    listed = await keys.listing()
    assert [(key.name, key.state(clock.now())) for key in listed] == [("first", KeyState.REVOKED), ("second", KeyState.LIVE)]
    assert await keys.named(listed[0].public_id) == first.key.key_id
    with pytest.raises(KeyUnknown):
        await keys.named("key_of_nobody")


async def test_use_adds_up_within_a_month_and_starts_afresh_in_the_next(keys: Keys, digests: Digests, clock: ManualClock) -> None:
    issued = await keys.issue("free", "mine")
    other = await keys.issue("free", "other")
    await keys.add_use({issued.key.key_id: 40, other.key.key_id: 1, 999_999: 5})
    await keys.add_use({issued.key.key_id: 2})
    mine = (await keys.listing())[0]
    assert (mine.quota_used, mine.quota_month, mine.last_used_at) == (42, date(2026, 11, 1), clock.now())
    grant = await told(keys, digests, issued.secret)
    assert isinstance(grant, Grant)
    assert grant.quota_left == 100_000 - 42

    clock.advance(datetime(2026, 12, 1, tzinfo=UTC) - clock.now())
    grant = await told(keys, digests, issued.secret)
    assert isinstance(grant, Grant)
    assert grant.quota_left == 100_000
    await keys.add_use({issued.key.key_id: 3})
    assert (await keys.listing())[0].quota_used == 3


async def test_keeping_a_secret_twice_keeps_one_key(keys: Keys, digests: Digests) -> None:
    secret = (await keys.issue("free", "mine")).secret
    await keys.keep(secret, "demo", "demo", Kind.DEMO)
    assert [key.tier for key in await keys.listing()] == ["free"]


async def test_tiers_are_data(keys: Keys, database: Database, digests: Digests) -> None:
    issued = await keys.issue("demo", "mine")
    async with database.transaction() as tx:
        await tx.execute(sa.text("UPDATE rate_limit_template SET rate_per_second = 1000 WHERE tier = 'demo'"))
    grant = await told(keys, digests, issued.secret)
    assert isinstance(grant, Grant)
    assert grant.rate_per_second == 1000.0
    assert {tier.name for tier in await keys.tiers()} >= {"demo", "partner"}
