"""The way to the shared cache, on a real one."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.support.clock import ManualClock
from tests.support.processes import wait_until
from tests.support.valkey import ANSWER_SECONDS, ValkeyServerOfATest
from trinity_beast.clock import SystemClock
from trinity_beast.storage import DependencyAway, Script, Valkey

HIDDEN = "correct-horse"
ADD = Script("return redis.call('INCRBY', KEYS[1], ARGV[1])")


@pytest.fixture
async def hasty(own_valkey: ValkeyServerOfATest, clock: ManualClock) -> AsyncIterator[Valkey]:
    """The way to a Valkey that may be killed; its pauses pass on the test's clock."""
    client = Valkey(own_valkey.url, clock=clock, command_seconds=0.5, connections_max=3)
    yield client
    await client.close()


async def test_what_is_stored_is_read_back_byte_for_byte(valkey: Valkey) -> None:
    await valkey.set("one", b"\x00\xff", keep_seconds=60)
    await valkey.set("two", "2", keep_seconds=60)
    assert await valkey.get("one") == b"\x00\xff"
    assert await valkey.get("none") is None
    assert await valkey.get_many(["two", "none", "one"]) == [b"2", None, b"\x00\xff"]
    assert await valkey.get_many([]) == []
    assert await valkey.delete("one", "none") == 1
    assert await valkey.delete() == 0


async def test_everything_stored_is_forgotten_in_time(valkey: Valkey) -> None:
    await valkey.set("key", "value", keep_seconds=60)
    left = await valkey.do("PTTL", "key")
    assert isinstance(left, int)
    assert 0 < left <= 60_000


async def test_a_pipeline_answers_in_order(valkey: Valkey) -> None:
    assert await valkey.pipeline([("SET", "a", 1), ("INCR", "a"), ("GET", "a"), ("LRANGE", "list", 0, -1)]) == [b"OK", 2, b"2", []]


async def test_one_refused_command_may_be_left_out_of_many(valkey: Valkey) -> None:
    await valkey.do("RPUSH", "list", "1")
    assert await valkey.pipeline([("GET", "list"), ("SET", "a", 1)], leaves_out_refused=True) == [None, b"OK"]


async def test_an_atomic_pipeline_answers_as_any_other(valkey: Valkey) -> None:
    assert await valkey.pipeline([("SET", "a", 1), ADD.call(["a"], [4]), ("GET", "a")], is_atomic=True) == [b"OK", 5, b"5"]


async def test_a_refused_command_is_told_and_the_way_stays_open(valkey: Valkey) -> None:
    await valkey.do("RPUSH", "list", "1")
    with pytest.raises(DependencyAway) as refusal:
        await valkey.pipeline([("GET", "list"), ("SET", "a", 1)])
    assert "WRONGTYPE" in str(refusal.value)
    assert refusal.value.__cause__ is not None
    assert valkey.gauges().is_open
    assert await valkey.get("a") == b"1"


async def test_an_atomic_pipeline_with_a_command_nobody_knows_does_nothing(valkey: Valkey) -> None:
    with pytest.raises(DependencyAway, match="unknown command"):
        await valkey.pipeline([("SET", "a", 1), ("NONSENSE",)], is_atomic=True)
    assert await valkey.get("a") is None


async def test_a_script_is_told_to_a_server_that_does_not_know_it(valkey: Valkey, valkey_server: ValkeyServerOfATest) -> None:
    assert await valkey.run(ADD, ["sum"], [5]) == 5
    assert await valkey.run(ADD, ["sum"], [2]) == 7
    valkey_server.say("SCRIPT", "FLUSH")
    assert await valkey.pipeline([ADD.call(["sum"], [1]), ("GET", "other"), ADD.call(["sum"], [1])]) == [8, None, 9]


async def test_a_script_that_fails_is_told(valkey: Valkey) -> None:
    with pytest.raises(DependencyAway, match="mine"):
        await valkey.run(Script("return redis.error_reply('mine')"))
    assert valkey.gauges().is_open


async def test_the_server_tells_its_own_time(valkey: Valkey) -> None:
    before = SystemClock().time_ns()
    told = await valkey.time_ns()
    assert before - 1_000_000 <= told <= SystemClock().time_ns() + 1_000_000


async def test_many_callers_share_few_connections(own_valkey: ValkeyServerOfATest) -> None:
    client = Valkey(own_valkey.url, clock=SystemClock(), connections_max=3, command_seconds=ANSWER_SECONDS)
    try:
        answers = await asyncio.gather(*(client.do("INCR", "calls") for _ in range(200)))
        assert sorted(answer for answer in answers if isinstance(answer, int)) == list(range(1, 201))
        listed = await client.do("CLIENT", "LIST")
        assert isinstance(listed, bytes)
        assert listed.count(b"name=trinity-beast") == 3
        assert client.gauges().in_use == 0
    finally:
        await client.close()


async def test_a_caller_who_leaves_leaves_a_clean_line_behind(own_valkey: ValkeyServerOfATest) -> None:
    client = Valkey(own_valkey.url, clock=SystemClock(), connections_max=1, command_seconds=ANSWER_SECONDS)
    try:
        leaving = asyncio.create_task(client.do("BLPOP", "never", 0))
        await asyncio.to_thread(wait_until, lambda: b"cmd=blpop" in own_valkey.say("CLIENT", "LIST"), "the wait")
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        assert await client.do("ECHO", "mine") == b"mine"
        assert client.gauges().in_use == 0
    finally:
        await client.close()


async def test_a_killed_server_is_away_then_left_alone_then_found_again(
    hasty: Valkey, own_valkey: ValkeyServerOfATest, clock: ManualClock
) -> None:
    await hasty.ping()
    own_valkey.kill()
    with pytest.raises(DependencyAway) as refusal:
        await hasty.ping()
    assert refusal.value.facts["part"] == "cache"
    assert refusal.value.__cause__ is not None
    with pytest.raises(DependencyAway, match="not asked again yet"):
        await hasty.ping()
    own_valkey.start()
    clock.advance(5)
    await hasty.ping()
    await hasty.ping()
    gauges = hasty.gauges()
    assert (gauges.is_open, gauges.failures, gauges.turned_away, gauges.in_use) == (True, 1, 1, 0)


async def test_a_frozen_server_holds_nobody_up(hasty: Valkey, own_valkey: ValkeyServerOfATest, clock: ManualClock) -> None:
    await hasty.ping()
    own_valkey.freeze()
    answers = await asyncio.gather(*(hasty.get("key", within_seconds=0.2) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(answer, DependencyAway) for answer in answers)
    with pytest.raises(DependencyAway, match="not asked again yet"):
        await hasty.ping()
    own_valkey.thaw()
    clock.advance(5)
    await hasty.ping()
    assert hasty.gauges().in_use == 0


async def test_a_server_that_lost_its_memory_is_told_its_scripts_again(
    hasty: Valkey, own_valkey: ValkeyServerOfATest, clock: ManualClock
) -> None:
    await hasty.run(ADD, ["sum"], [1])
    await asyncio.to_thread(own_valkey.restart)
    assert await hasty.run(ADD, ["sum"], [1]) == 1


async def test_a_server_that_is_not_there_is_an_absence_and_the_password_is_never_told(clock: ManualClock) -> None:
    refused = Valkey(f"valkey://:{HIDDEN}@127.0.0.1:1/0", clock=clock)
    with pytest.raises(DependencyAway) as refusal:
        await refused.ping()
    assert HIDDEN not in str(refusal.value)
    await refused.close()


async def test_a_socket_is_as_good_as_a_port(own_valkey: ValkeyServerOfATest, clock: ManualClock) -> None:
    client = Valkey(f"unix://{own_valkey.socket}?db=2", clock=clock, command_seconds=ANSWER_SECONDS)
    try:
        await client.set("key", "value", keep_seconds=5)
        assert await client.get("key") == b"value"
    finally:
        await client.close()


async def test_a_password_lets_in_and_a_wrong_one_does_not(own_valkey: ValkeyServerOfATest, clock: ManualClock) -> None:
    own_valkey.say("CONFIG", "SET", "requirepass", HIDDEN)
    port = own_valkey.port
    right = Valkey(f"valkey://:{HIDDEN}@127.0.0.1:{port}", clock=clock, command_seconds=ANSWER_SECONDS)
    wrong = Valkey(f"valkey://:no-{HIDDEN}@127.0.0.1:{port}", clock=clock, command_seconds=ANSWER_SECONDS)
    try:
        await right.ping()
        with pytest.raises(DependencyAway) as refusal:
            await wrong.ping()
        assert HIDDEN not in str(refusal.value)
        assert not wrong.gauges().is_open
    finally:
        await right.close()
        await wrong.close()
