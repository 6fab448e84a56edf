"""What nodes tell each other over a real Valkey, and what one sees of all."""

import pytest

from tests.ops.cluster.nodes import a_node
from tests.support.clock import ManualClock
from tests.support.round_trips import round_trips_to
from tests.support.valkey import ANSWER_SECONDS, ValkeyServerOfATest
from trinity_beast.clock import SystemClock
from trinity_beast.ops.cluster.model import NODES, STATS, View
from trinity_beast.storage import DependencyAway, Valkey


def names(view: View) -> list[str]:
    return [found.snapshot.cluster_node for found in view.found]


def missing(view: View) -> list[str]:
    return [gone.cluster_node for gone in view.missing]


async def test_every_node_is_seen_from_each_with_all_it_told(valkey: Valkey, clock: ManualClock) -> None:
    main, mirror = a_node("Main", valkey, clock), a_node("Mirror", valkey, clock)
    mirror.counters |= {"tcp_requests": 40, "syncmap_hits": 30, "cache_misses": 10}
    clock.advance(4)
    for node in (main, mirror):
        await node.publisher.publish()
    view = await main.view.look()

    assert (names(view), missing(view), view.nodes_expected, view.trouble) == (["Main", "Mirror"], [], 2, "")
    told = view.found[1].snapshot
    assert (told.boot, told.version, told.server_type, told.parameters_version) == ("boot of Mirror", "0.1.0", "APP_SERVER", 7)
    assert (told.totals["tcp_requests"], told.since_reset.seconds, told.up_seconds) == (40, 4.0, 4.0)
    assert (told.feeds, told.process.memory_bytes, told.process.cpu_percent) == ({"kraken": "live", "okx": "waiting"}, 50_000_000, 50.0)
    assert len(told.totals) == 24


async def test_what_a_node_told_is_gone_after_thirty_seconds_and_how_old_it_is_is_told_by_one_clock(
    valkey: Valkey, clock: ManualClock
) -> None:
    main, mirror = a_node("Main", valkey, clock), a_node("Mirror", valkey, clock)
    for node in (main, mirror):
        await node.publisher.publish()
    left_ms = await valkey.do("PTTL", STATS + "Mirror")
    assert isinstance(left_ms, int)
    assert 29_000 < left_ms <= 30_000

    await valkey.do("PEXPIRE", STATS + "Mirror", 18_000)
    clock.step_wall(-3_600)  # A node whose clock is wrong tells ages as right as any.
    [_, found] = (await main.view.look()).found
    assert 12.0 <= found.age_seconds < 14.0


async def test_a_node_that_was_killed_is_missing_and_one_that_stopped_is_not(valkey: Valkey, clock: ManualClock) -> None:
    main, killed, stopped = (a_node(name, valkey, clock) for name in ("Main", "Killed", "Stopped"))
    for node in (main, killed, stopped):
        await node.publisher.publish()
    await stopped.publisher.stop()
    await valkey.do("DEL", STATS + "Killed")  # As its time runs out.
    view = await main.view.look()

    assert (names(view), missing(view), view.nodes_expected) == (["Main"], ["Killed"], 2)
    assert view.missing[0].last_seen_at_ms == clock.time_ns() // 1_000_000

    await killed.publisher.publish()
    assert missing(await main.view.look()) == []


async def test_a_node_that_was_killed_is_expected_for_a_day_and_then_forgotten_everywhere(valkey: Valkey, clock: ManualClock) -> None:
    main, killed = a_node("Main", valkey, clock), a_node("Killed", valkey, clock)
    for node in (killed, main):
        await node.publisher.publish()
    await valkey.do("DEL", STATS + "Killed")
    clock.advance(86_399)
    await main.publisher.publish()
    assert missing(await main.view.look()) == ["Killed"]

    clock.advance(2)
    assert missing(await main.view.look()) == []
    await main.publisher.publish()
    assert await valkey.do("HKEYS", NODES) == [b"main"]


@pytest.mark.parametrize(("seconds", "is_missing"), [(60.0, False), (2_592_000.0, True)])
async def test_a_killed_node_is_expected_as_long_as_is_turned(
    valkey: Valkey, clock: ManualClock, seconds: float, *, is_missing: bool
) -> None:  # fmt: skip
    main, killed = a_node("Main", valkey, clock), a_node("Killed", valkey, clock)
    main.readings.turn("cluster_node_remembered_seconds", seconds)
    for node in (killed, main):
        await node.publisher.publish()
    await valkey.do("DEL", STATS + "Killed")
    clock.advance(100)
    await main.publisher.publish()

    assert missing(await main.view.look()) == (["Killed"] if is_missing else [])


@pytest.mark.parametrize(("seconds", "milliseconds"), [(0.5, 500), (600.0, 600_000)])
async def test_a_nodes_word_is_kept_as_long_as_is_turned(
    valkey: Valkey, clock: ManualClock, seconds: float, milliseconds: int
) -> None:  # fmt: skip
    main = a_node("Main", valkey, clock)
    main.readings.turn("cluster_stats_expiry_seconds", seconds)
    await main.publisher.publish()
    left_ms = await valkey.do("PTTL", STATS + "Main")

    assert isinstance(left_ms, int)
    assert milliseconds - 400 < left_ms <= milliseconds


@pytest.mark.parametrize(("seconds", "times"), [(0.1, 60), (60.0, 1)])
async def test_a_node_tells_as_often_as_is_turned_and_begins_with_it_at_once(clock: ManualClock, seconds: float, times: int) -> None:
    main = a_node("Main", None, clock)
    await main.publisher.start()
    await clock.wait_for_sleepers()
    main.readings.turn("cluster_stats_publish_seconds", seconds)
    await clock.let_pass(0.001)
    main.looks.clear()
    await clock.let_pass(60 * max(0.1, seconds / 60))
    await main.publisher.stop()

    assert abs(len(main.looks) - times) <= 1


async def test_what_a_restarted_cache_has_forgotten_is_brought_back(own_valkey: ValkeyServerOfATest, clock: ManualClock) -> None:
    cache = Valkey(own_valkey.url, clock=SystemClock(), command_seconds=ANSWER_SECONDS)
    main, killed = a_node("Main", cache, clock), a_node("Killed", cache, clock)
    for node in (killed, main):
        await node.publisher.publish()
    own_valkey.say("FLUSHALL")
    await main.publisher.publish()

    assert own_valkey.say("HEXISTS", NODES, "killed") == b":1\r\n"
    assert missing(await main.view.look()) == ["Killed"]
    await cache.close()


async def test_the_whole_cluster_is_seen_in_one_round_trip(valkey_url: str, valkey: Valkey, clock: ManualClock) -> None:
    async with round_trips_to(valkey.address.port) as counted:
        cache = Valkey(f"valkey://127.0.0.1:{counted.port}/0", clock=SystemClock(), command_seconds=ANSWER_SECONDS)
        main = a_node("Main", cache, clock)
        for number in range(8):
            await a_node(f"Node{number}", valkey, clock).publisher.publish()
        await main.publisher.publish()  # It hears of them all, in one round trip too.
        before = counted.count
        view = await main.view.look()
        looked = counted.count - before
        await main.publisher.publish()
        published = counted.count - before - looked
        await cache.close()

    assert len(view.found) == 9
    assert (looked, published) == (1, 1)


async def test_a_node_that_came_since_is_seen_too(valkey: Valkey, clock: ManualClock) -> None:
    main = a_node("Main", valkey, clock)
    await main.publisher.publish()
    await a_node("New", valkey, clock).publisher.publish()

    assert names(await main.view.look()) == ["Main", "New"]


async def test_without_a_shared_cache_a_node_says_that_it_sees_itself_alone(clock: ManualClock) -> None:
    main = a_node("Main", None, clock)
    main.neighbours |= {"mirror": "Mirror"}
    await main.publisher.publish()
    view = await main.view.look()

    assert (names(view), missing(view), list(view.unseen), view.nodes_expected) == (["Main"], [], ["Mirror"], 2)
    assert "CACHE_URL is empty" in view.trouble


async def test_while_the_cache_is_away_others_are_unseen_and_not_missing_and_nobody_waits(
    own_valkey: ValkeyServerOfATest, clock: ManualClock
) -> None:
    cache = Valkey(own_valkey.url, clock=SystemClock())
    main, mirror = a_node("Main", cache, clock), a_node("Mirror", cache, clock)
    for node in (mirror, main):
        await node.publisher.publish()
    own_valkey.kill()
    view = await main.view.look()

    assert (names(view), missing(view), list(view.unseen)) == (["Main"], [], ["Mirror"])
    assert view.trouble.startswith("the shared cache is away")
    with pytest.raises(DependencyAway):
        await main.publisher.publish()
    await main.publisher.stop()  # It says so where it can, and stops where it cannot.
    await cache.close()


async def test_a_cache_that_freezes_holds_nobody_up_for_more_than_its_second(own_valkey: ValkeyServerOfATest, clock: ManualClock) -> None:
    cache = Valkey(own_valkey.url, clock=SystemClock(), command_seconds=ANSWER_SECONDS)
    main = a_node("Main", cache, clock)
    await main.publisher.publish()
    own_valkey.freeze()
    view = await main.view.look()
    own_valkey.thaw()

    assert "away" in view.trouble
    await cache.close()


async def test_two_nodes_of_one_name_are_told(valkey: Valkey, clock: ManualClock) -> None:
    main = a_node("Main", valkey, clock)
    for node in (main, a_node("Main", valkey, clock, node_id="other")):
        await node.publisher.publish()

    assert list((await main.view.look()).twins) == ["Main"]


async def test_what_somebody_else_put_there_is_no_node(valkey: Valkey, clock: ManualClock) -> None:
    main, mirror = a_node("Main", valkey, clock), a_node("Mirror", valkey, clock)
    for node in (mirror, main):
        await node.publisher.publish()
    await valkey.do("SET", STATS + "Mirror", b'{"cluster_node": "Somebody"}')
    await valkey.do("HSET", NODES, "nobody", b"not json")

    assert missing(await main.view.look()) == ["Mirror"]
    await valkey.do("DEL", STATS + "Mirror")
    await valkey.do("LPUSH", STATS + "Mirror", b"a list")
    assert missing(await main.view.look()) == ["Mirror"]


@pytest.mark.parametrize(("expected", "never_seen"), [(1, 0), (64, 63)])
async def test_more_nodes_may_be_expected_than_were_ever_seen(valkey: Valkey, clock: ManualClock, expected: int, never_seen: int) -> None:
    main = a_node("Main", valkey, clock)
    main.readings.turn("nodes_expected", expected)
    await main.publisher.publish()
    view = await main.view.look()

    assert view.nodes_expected - len(view.found) == never_seen


async def test_counting_anew_changes_what_is_counted_since_and_not_what_only_rises(clock: ManualClock) -> None:
    main = a_node("Main", None, clock)
    main.counters |= {"tcp_requests": 100, "db_open_conns": 4}
    clock.advance(10)
    reset = main.statistics.reset()
    main.counters["tcp_requests"] += 30
    clock.advance(5)
    snapshot = main.statistics.snapshot()

    assert (reset.after.seconds, reset.after.counters["tcp_requests"]) == (10.0, 100)
    assert (snapshot.since_reset.seconds, snapshot.since_reset.counters["tcp_requests"]) == (5.0, 30)
    assert (snapshot.totals["tcp_requests"], snapshot.since_reset.counters["db_open_conns"]) == (130, 4)
    assert main.statistics.since == reset.at


async def test_lately_is_the_last_seconds_alone(clock: ManualClock) -> None:
    main = a_node("Main", None, clock)
    for requests in (1_000, 10, 20, 30, 40):
        main.counters["tcp_requests"] = main.counters.get("tcp_requests", 0) + requests
        clock.advance(3)
        await main.publisher.publish()
    lately = main.statistics.snapshot().lately

    assert (lately.seconds, lately.counters["tcp_requests"]) == (9.0, 90)
