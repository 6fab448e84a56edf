"""The doorman at an engine's stand-in that keeps its contract, over a real database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.clock import ManualClock
from tests.support.gate import FakeGate, FakeQuestions
from trinity_beast.access import Digests, Doorman, Grant, Keys, Patience, Refused
from trinity_beast.storage import DependencyAway

LIMIT_SECONDS = 10.0


class Door:
    """A doorman at work, with what he works on."""

    def __init__(self, keys: Keys, clock: ManualClock, patience: Patience | None = None) -> None:
        self.gate, self.questions = FakeGate(), FakeQuestions()
        self.doorman = Doorman(self.gate, self.questions, keys, clock, patience)

    async def ask(self, *digests: bytes) -> list[str | None]:
        """Be requests with these keys, at once, and wait for what each is told."""
        return await self.answers([self.questions.ask(digest) for digest in digests])

    async def answers(self, tickets: list[int]) -> list[str | None]:
        await self.until(lambda: all(ticket in self.questions.answers for ticket in tickets))
        return [self.questions.answers[ticket] for ticket in tickets]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT_SECONDS):
            while not holds():  # noqa: ASYNC110 - What is waited for has no event, or lies in another process.
                await asyncio.sleep(0)


class GuardedKeys(Keys):
    """Keys whose store can be held up or away, as a real one is."""

    def __init__(self, keys: Keys) -> None:
        self.real = keys
        self.open = asyncio.Event()
        self.open.set()
        self.begun = 0
        self.looked_for: list[bytes] = []
        self.fault: Exception | None = None

    async def resolve(self, digests: Collection[bytes]) -> Mapping[bytes, Grant | Refused]:
        self.begun += 1
        if self.fault is not None:
            raise self.fault
        found = await self.real.resolve(digests)
        self.looked_for += digests
        await self.open.wait()
        return found


@pytest.fixture
def guarded(keys: Keys) -> GuardedKeys:
    return GuardedKeys(keys)


@pytest.fixture
async def door(guarded: GuardedKeys, clock: ManualClock) -> AsyncIterator[Door]:
    door = Door(guarded, clock)
    await door.doorman.start()
    yield door
    guarded.open.set()
    await door.doorman.stop()
    door.questions.close()


async def issued(keys: Keys, digests: Digests, tier: str = "free", expires_at: datetime | None = None) -> tuple[bytes, int]:
    key = await keys.issue(tier, "mine", expires_at=expires_at)
    return digests.digest_of(key.secret), key.key.key_id


async def test_a_known_key_is_let_in_and_its_request_goes_on(door: Door, keys: Keys, digests: Digests) -> None:
    digest, key_id = await issued(keys, digests)
    assert await door.ask(digest) == [None]
    assert door.gate.grants[digest].key_id == key_id


async def test_an_unknown_key_is_refused_and_remembered(door: Door) -> None:
    assert await door.ask(b"?" * 32) == ["KEY_INVALID"]
    assert door.gate.refusals == {b"?" * 32: "KEY_INVALID"}
    assert len(door.doorman.roll) == 0


async def test_an_ended_key_is_told_what_ended_it(door: Door, keys: Keys, digests: Digests, clock: ManualClock) -> None:
    revoked, key_id = await issued(keys, digests)
    await keys.revoke(key_id)
    expired, _ = await issued(keys, digests, expires_at=clock.now() + timedelta(seconds=1))
    clock.advance(1)
    assert await door.ask(revoked, expired) == ["KEY_REVOKED", "KEY_EXPIRED"]


async def test_a_key_is_looked_up_once_however_many_requests_carry_it(
    door: Door, guarded: GuardedKeys, keys: Keys, digests: Digests
) -> None:
    digest, _ = await issued(keys, digests)
    guarded.open.clear()
    early = [door.questions.ask(digest) for _ in range(50)]
    await door.until(lambda: guarded.looked_for == [digest])
    late = [door.questions.ask(digest) for _ in range(50)]
    await door.until(lambda: door.doorman.tally.questions == 100)
    guarded.open.set()

    assert await door.answers(early + late) == [None] * 100
    assert guarded.looked_for == [digest]


async def test_a_flood_of_random_keys_is_looked_up_in_batches_a_few_at_a_time(door: Door, guarded: GuardedKeys) -> None:
    flood = [number.to_bytes(32) for number in range(1_000)]
    guarded.open.clear()
    tickets = [door.questions.ask(digest) for digest in flood]
    await door.until(lambda: len(guarded.looked_for) >= 3 * 128)
    assert guarded.begun <= Patience().looks_max
    guarded.open.set()

    assert await door.answers(tickets) == ["KEY_INVALID"] * 1_000
    assert sorted(guarded.looked_for) == flood
    assert guarded.begun <= 20


async def test_after_a_look_that_found_nobody_questions_are_gathered(
    door: Door, guarded: GuardedKeys, keys: Keys, digests: Digests, clock: ManualClock
) -> None:
    known = [(await issued(keys, digests))[0] for _ in range(2)]
    assert await door.ask(b"1" * 32, b"2" * 32) == ["KEY_INVALID"] * 2
    guarded.begun = 0
    assert await door.ask(b"3" * 32) == ["KEY_INVALID"], "one is heard at once"
    later = [door.questions.ask(digest) for digest in (b"4" * 32, b"5" * 32, known[0])]
    await clock.let_pass(0.001)
    assert (guarded.begun, set(later) & set(door.questions.answers)) == (1, set())
    await clock.let_pass(0.02)
    assert await door.answers(later) == ["KEY_INVALID", "KEY_INVALID", None]
    assert guarded.begun == 2, "and those that follow in one look"
    await clock.let_pass(0.02)
    assert await door.ask(known[1]) == [None], "one that found somebody ends it"


async def test_while_the_store_is_away_unknown_keys_are_told_so_and_not_remembered(
    door: Door, guarded: GuardedKeys, keys: Keys, digests: Digests
) -> None:
    digest, _ = await issued(keys, digests)
    guarded.fault = DependencyAway(part="database")
    assert await door.ask(digest, b"?" * 32) == ["DEPENDENCY_AWAY"] * 2
    assert door.gate.refusals == {}
    guarded.fault = None
    assert await door.ask(digest, b"?" * 32) == [None, "KEY_INVALID"]


async def test_a_fault_nobody_foresaw_costs_the_caller_an_error_and_not_a_wait(door: Door, guarded: GuardedKeys) -> None:
    guarded.fault = ZeroDivisionError()
    assert await door.ask(b"?" * 32) == ["DEPENDENCY_AWAY"]
    guarded.fault = None
    assert await door.ask(b"?" * 32) == ["KEY_INVALID"]


async def test_a_key_the_gate_will_not_take_costs_no_other_its_doorman(door: Door, keys: Keys, digests: Digests) -> None:
    absurd = [(await issued(keys, digests, "pro"))[0] for _ in range(Patience().looks_max + 1)]
    door.gate.will_not_take = "pro"
    for digest in absurd:
        assert await door.ask(digest) == ["DEPENDENCY_AWAY"]
    digest, _ = await issued(keys, digests, "free")
    assert await door.ask(digest) == [None]


async def test_a_store_that_takes_too_long_is_as_good_as_away(door: Door, guarded: GuardedKeys, clock: ManualClock) -> None:
    guarded.open.clear()
    ticket = door.questions.ask(b"?" * 32)
    await door.until(lambda: guarded.looked_for != [])
    await clock.wait_for_sleepers(2)
    clock.advance(Patience().look_seconds)
    assert await door.answers([ticket]) == ["DEPENDENCY_AWAY"]

    guarded.open.set()
    assert await door.ask(b"?" * 32) == ["KEY_INVALID"]


async def test_a_change_during_a_look_is_looked_at_again(door: Door, guarded: GuardedKeys, keys: Keys, digests: Digests) -> None:
    """Else a key revoked in just that moment would be let in by what was read a moment before."""
    digest, key_id = await issued(keys, digests)
    guarded.open.clear()
    ticket = door.questions.ask(digest)
    await door.until(lambda: guarded.looked_for == [digest])
    await keys.revoke(key_id)
    door.doorman.changed(digest)
    guarded.open.set()

    assert await door.answers([ticket]) == ["KEY_REVOKED"]
    assert digest not in door.gate.grants


async def test_a_changed_key_is_looked_at_at_once(door: Door, keys: Keys, digests: Digests) -> None:
    digest, key_id = await issued(keys, digests)
    await door.ask(digest)
    await keys.revoke(key_id)
    door.doorman.changed(digest)
    await door.until(lambda: digest in door.gate.refusals)
    assert door.gate.refusals[digest] == "KEY_REVOKED"


async def test_a_key_issued_after_it_was_refused_as_invalid_is_let_in(door: Door, keys: Keys, digests: Digests) -> None:
    digest = digests.digest_of("a secret that will be kept")
    await door.ask(digest)
    await keys.keep("a secret that will be kept", "demo", "demo", (await keys.issue("demo", "x")).key.kind)
    door.doorman.changed(digest)
    assert door.gate.refusals == {}
    assert await door.ask(digest) == [None]


async def test_a_changed_tier_reaches_its_keys_and_no_others(door: Door, guarded: GuardedKeys, keys: Keys, digests: Digests) -> None:
    (free, _), (pro, _) = await issued(keys, digests), await issued(keys, digests, "pro")
    await door.ask(free, pro)
    guarded.looked_for.clear()
    door.doorman.tier_changed("pro")
    await door.until(lambda: guarded.looked_for != [])
    assert guarded.looked_for == [pro]


async def test_a_key_in_use_is_looked_at_again_when_its_cache_lifetime_ends(
    door: Door, guarded: GuardedKeys, keys: Keys, digests: Digests, clock: ManualClock
) -> None:
    digest, key_id = await issued(keys, digests)
    await door.ask(digest)
    door.gate.spend(digest, 1)
    await keys.revoke(key_id)  # And nobody told the doorman.
    await clock.let_pass(298)
    assert digest in door.gate.grants
    await clock.let_pass(3)
    await door.until(lambda: door.gate.refusals == {digest: "KEY_REVOKED"})


async def test_past_the_bound_idle_keys_make_room_and_used_ones_stay(guarded: GuardedKeys, digests: Digests, clock: ManualClock) -> None:
    door = Door(guarded, clock, Patience(kept_max=2))
    await door.doorman.start()
    idle, in_use, counted = [(await issued(guarded.real, digests))[0] for _ in range(3)]
    await door.ask(idle, in_use, counted)
    door.gate.spend(in_use, 1)
    door.gate.spend(counted, 5)
    door.gate.refill(counted)

    await clock.let_pass(301)
    await door.until(lambda: len(guarded.looked_for) == 5)
    assert set(door.gate.grants) == {in_use, counted}
    assert door.gate.standing(counted).quota_left == 100_000 - 5  # type: ignore[union-attr]  # It is admitted.
    await door.doorman.stop()
    door.questions.close()


async def test_an_idle_key_stays_while_there_is_room(
    door: Door, guarded: GuardedKeys, keys: Keys, digests: Digests, clock: ManualClock
) -> None:
    digest, _ = await issued(keys, digests)
    await door.ask(digest)
    await clock.let_pass(301)
    await door.until(lambda: len(guarded.looked_for) == 2)
    assert digest in door.gate.grants


async def test_known_keys_stay_while_the_store_is_away(
    door: Door, guarded: GuardedKeys, keys: Keys, digests: Digests, clock: ManualClock
) -> None:
    digest, key_id = await issued(keys, digests)
    await door.ask(digest)
    door.gate.spend(digest, 1)
    guarded.fault = DependencyAway(part="database")
    await clock.let_pass(301)
    await door.until(lambda: door.doorman.tally.away > 0)
    assert digest in door.gate.grants

    await keys.revoke(key_id)
    guarded.fault = None
    await clock.let_pass(Patience().retry_seconds + 1)
    await door.until(lambda: door.gate.refusals == {digest: "KEY_REVOKED"})


async def test_a_new_month_brings_a_new_quota(door: Door, keys: Keys, digests: Digests, clock: ManualClock) -> None:
    clock.advance(datetime(2026, 11, 30, 23, 59, 0, tzinfo=UTC) - clock.now())
    digest, _ = await issued(keys, digests)
    await door.ask(digest)
    door.gate.spend(digest, 100_000)
    await clock.let_pass(61)
    await door.until(lambda: door.gate.grants[digest].quota_resets_at == datetime(2027, 1, 1, tzinfo=UTC))
    assert door.gate.standing(digest).quota_left == 100_000  # type: ignore[union-attr]  # It is admitted.


async def test_a_month_begins_at_its_moment_though_the_store_is_away(
    door: Door, guarded: GuardedKeys, keys: Keys, digests: Digests, clock: ManualClock
) -> None:
    clock.advance(datetime(2026, 11, 30, 23, 59, 58, 700_000, tzinfo=UTC) - clock.now())
    digest, _ = await issued(keys, digests)
    await door.ask(digest)
    door.gate.spend(digest, 100_000)
    guarded.fault = DependencyAway(part="database")

    await clock.let_pass(1.29)
    assert door.gate.grants[digest].quota_resets_at == datetime(2026, 12, 1, tzinfo=UTC)
    await clock.let_pass(0.02)
    assert door.gate.grants[digest].quota_resets_at == datetime(2027, 1, 1, tzinfo=UTC)
    assert door.gate.standing(digest).quota_left == 100_000  # type: ignore[union-attr]  # It is admitted.
    await door.until(lambda: door.doorman.tally.away > 0)
    assert door.doorman.grant_of(digest) == door.gate.grants[digest]


async def test_whoever_waits_when_the_doorman_stops_is_told_so(guarded: GuardedKeys, clock: ManualClock) -> None:
    door = Door(guarded, clock)
    await door.doorman.start()
    guarded.open.clear()
    ticket = door.questions.ask(b"?" * 32)
    await door.until(lambda: guarded.looked_for != [])
    await door.doorman.stop()
    assert door.questions.answers == {ticket: "DEPENDENCY_AWAY"}
    door.questions.close()
