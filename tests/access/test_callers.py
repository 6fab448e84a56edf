import pytest

from tests.support.engine_keys import LIVE_SECRET, MONTH_ENDS, OTHER_SECRET, URL_SECRET, FakeDoorman, FakeEngineKeys, grant
from trinity_beast.access import (
    Approach,
    Callers,
    KeyExpired,
    KeyForbids,
    KeyInvalid,
    KeyMissing,
    KeyRevoked,
    KeyTriesSpent,
    Kind,
    QuotaSpent,
    RateLimited,
    Restrictions,
    Scope,
    TierForbids,
)
from trinity_beast.errors import TrinityError
from trinity_beast.storage import DependencyAway


def at_the_gate(refusal: str = "KEY_INVALID", **changes: object) -> tuple[Callers, FakeDoorman]:
    keys = FakeEngineKeys()
    doorman = FakeDoorman(keys, {LIVE_SECRET: grant(**changes), URL_SECRET: grant(key_id=8, in_url=True)}, refusal)
    return Callers(keys, doorman), doorman


async def test_a_key_the_engine_has_not_heard_of_is_looked_up_once_and_let_in() -> None:
    callers, doorman = at_the_gate()
    first, second = await callers.admit(LIVE_SECRET), await callers.admit(LIVE_SECRET)
    assert (first.key_id, first.refusal, second.refusal, doorman.asked) == (7, None, None, 1)
    assert dict(first.headers)["RateLimit"] == '"burst";r=2;t=1'


async def test_each_request_is_spent_until_the_key_is_refused_with_its_limits_and_a_wait() -> None:
    callers, _ = at_the_gate()
    passages = [await callers.admit(LIVE_SECRET) for _ in range(4)]
    assert [each.refusal and each.refusal.code for each in passages] == [None, None, None, "RATE_LIMITED"]
    refused = passages[-1]
    assert (refused.key_id, dict(refused.headers)["RateLimit"]) == (7, '"burst";r=0;t=1')
    assert isinstance(refused.refusal, RateLimited)
    assert refused.refusal.facts["retry_after_seconds"] == 2


async def test_a_spent_month_says_when_it_begins_anew() -> None:
    callers, _ = at_the_gate(quota=5, quota_left=1)
    assert (await callers.admit(LIVE_SECRET)).refusal is None
    assert callers.charge(LIVE_SECRET).refusal is None
    for refusal in (callers.charge(LIVE_SECRET).refusal, (await callers.admit(LIVE_SECRET)).refusal):
        assert isinstance(refusal, QuotaSpent)
        assert refusal.facts["resets_at"] == MONTH_ENDS


async def test_who_is_let_in_and_told_nothing_pays_nothing_of_the_month() -> None:
    callers, _ = at_the_gate(quota=5, quota_left=5)
    for _ in range(3):
        await callers.admit(LIVE_SECRET)
    assert (await callers.standing(LIVE_SECRET)).limits.quota_left == 5


@pytest.mark.parametrize(
    ("secret", "refusal"), [(None, KeyMissing), ("", KeyInvalid), ("tb_live_short", KeyInvalid), (LIVE_SECRET[:-1] + "!", KeyInvalid)]
)
async def test_what_cannot_be_a_key_costs_no_look(secret: str | None, refusal: type[TrinityError]) -> None:
    callers, doorman = at_the_gate()
    passage = await callers.admit(secret)
    assert (type(passage.refusal), passage.key_id, doorman.asked) == (refusal, 0, 0)


@pytest.mark.parametrize(
    ("code", "refusal"), [("KEY_INVALID", KeyInvalid), ("KEY_REVOKED", KeyRevoked), ("DEPENDENCY_AWAY", DependencyAway)]
)
async def test_a_key_that_is_not_let_in_is_told_what_the_doorman_found(code: str, refusal: type[TrinityError]) -> None:
    callers, _ = at_the_gate(refusal=code)
    assert isinstance((await callers.admit(OTHER_SECRET)).refusal, refusal)
    with pytest.raises(refusal):
        await callers.standing(OTHER_SECRET)


async def test_only_a_key_meant_for_urls_may_stand_in_one() -> None:
    callers, _ = at_the_gate()
    assert isinstance((await callers.admit(LIVE_SECRET, Approach(in_url=True))).refusal, TierForbids)
    assert (await callers.admit(URL_SECRET, Approach(in_url=True))).refusal is None
    with pytest.raises(TierForbids):
        await callers.standing(LIVE_SECRET, Approach(in_url=True))


async def test_a_key_forgotten_as_often_as_it_is_let_in_does_not_loop() -> None:
    class Forgetful(FakeDoorman):
        async def ask(self, digest: bytes) -> str | None:
            await super().ask(digest)
            self._keys.held.clear()
            return None

    keys = FakeEngineKeys()
    doorman = Forgetful(keys, {LIVE_SECRET: grant()})
    passage = await Callers(keys, doorman).admit(LIVE_SECRET)
    assert isinstance(passage.refusal, DependencyAway)
    assert doorman.asked == 2


async def test_looking_at_ones_limits_spends_nothing() -> None:
    callers, _ = at_the_gate()
    for _ in range(10):
        standing = await callers.standing(LIVE_SECRET)
    assert (standing.limits.tokens_left, standing.limits.quota_left) == (3, 10)
    assert standing.grant is not None
    assert standing.grant.tier == "pro"


@pytest.mark.parametrize(("code", "refusal"), [("KEY_EXPIRED", KeyExpired), ("KEY_FORBIDS", KeyForbids)])
async def test_a_key_that_would_be_refused_is_told_so_instead_of_its_limits(code: str, refusal: type[TrinityError]) -> None:
    keys, counted = FakeEngineKeys(), dict[str, int]()
    callers = Callers(keys, FakeDoorman(keys, {LIVE_SECRET: grant()}), count=lambda name, times: counted.update({name: times}))
    assert (await callers.standing(LIVE_SECRET)).limits.tokens_left == 3
    keys.refused[keys.digest_of(LIVE_SECRET)] = code
    with pytest.raises(refusal):
        await callers.standing(LIVE_SECRET)
    assert counted == {"keys_refused": 1}


async def test_without_a_key_there_is_nothing_to_look_at() -> None:
    callers, _ = at_the_gate()
    with pytest.raises(KeyMissing):
        await callers.standing(None)
    with pytest.raises(KeyInvalid):
        await callers.standing("nonsense")


async def test_a_key_is_let_in_for_what_it_is_for_and_spends_nothing_elsewhere() -> None:
    callers, _ = at_the_gate(restrictions=Restrictions(scopes=frozenset([Scope.REPORTS])))
    assert (await callers.admit(LIVE_SECRET, scope=Scope.REPORTS)).refusal is None
    refused = await callers.admit(LIVE_SECRET, scope=Scope.STREAMS)
    assert isinstance(refused.refusal, KeyForbids)
    assert refused.key_id == 7
    assert dict(refused.headers)["RateLimit"] == '"burst";r=2;t=1'
    assert isinstance((await callers.admit(LIVE_SECRET)).refusal, KeyForbids)


async def test_a_key_nobody_has_heard_of_is_looked_up_before_it_is_let_in_for_reports() -> None:
    callers, doorman = at_the_gate()
    assert (await callers.admit(LIVE_SECRET, scope=Scope.REPORTS)).refusal is None
    assert isinstance((await callers.admit(OTHER_SECRET, scope=Scope.REPORTS)).refusal, KeyInvalid)
    assert doorman.asked == 2


async def test_a_key_for_addresses_only_reads_wherever_it_stands() -> None:
    keys = FakeEngineKeys()
    callers = Callers(keys, FakeDoorman(keys, {URL_SECRET: grant(in_url=True, kind=Kind.URL)}))
    assert (await callers.admit(URL_SECRET, Approach(in_url=True))).refusal is None
    assert isinstance((await callers.admit(URL_SECRET, Approach(is_read=False))).refusal, KeyForbids)
    assert isinstance((await callers.admit(URL_SECRET, scope=Scope.REPORTS)).refusal, KeyForbids)


async def test_what_a_caller_was_let_in_with_comes_along() -> None:
    callers, _ = at_the_gate()
    passage = await callers.admit(LIVE_SECRET)
    assert passage.grant is not None
    assert passage.grant.features.batch_assets_max == 1_000


class BookOfTries:
    """Keeps `callers.CountsTries`: two different wrong keys and no more."""

    def __init__(self) -> None:
        self.wrong: dict[str, set[str]] = {}

    def fail(self, address: str, secret: str) -> bool:
        self.wrong.setdefault(address, set()).add(secret)
        return self.spent(address) is not None

    def spent(self, address: str) -> tuple[int, list[tuple[str, str]]] | None:
        return (42, [("RateLimit", '"tries";r=0;t=42')]) if len(self.wrong.get(address, ())) >= 2 else None


async def test_an_address_that_was_wrong_too_often_has_nothing_looked_up() -> None:
    keys = FakeEngineKeys()
    doorman, counted = FakeDoorman(keys, {LIVE_SECRET: grant(), URL_SECRET: grant(key_id=8)}), []
    callers = Callers(keys, doorman, tries=BookOfTries(), count=lambda name, _: counted.append(name))
    guesser, other = Approach(address="192.0.2.7"), Approach(address="192.0.2.8")
    assert (await callers.admit(LIVE_SECRET, guesser)).refusal is None
    for secret in ("mistyped", OTHER_SECRET):
        assert isinstance((await callers.admit(secret, guesser)).refusal, KeyInvalid)
    asked = doorman.asked
    for secret in ("mistyped", OTHER_SECRET, URL_SECRET):
        passage = await callers.admit(secret, guesser)
        assert isinstance(passage.refusal, KeyTriesSpent)
        assert (passage.refusal.facts["retry_after_seconds"], dict(passage.headers)["RateLimit"]) == (42, '"tries";r=0;t=42')
        with pytest.raises(KeyTriesSpent):
            await callers.standing(secret, guesser)
    assert (doorman.asked, counted) == (asked, ["keys_refused"] * 8)
    assert callers.known_limits(OTHER_SECRET, "192.0.2.7") == [("RateLimit", '"tries";r=0;t=42')]
    assert (await callers.admit(LIVE_SECRET, guesser)).refusal is None, "a key in use answers all the while"
    assert (await callers.admit(URL_SECRET, other)).refusal is None
