"""The parameters in the shared cache: whole, never older than what lies there, and a node's last resort."""

from tests.parameters.test_watch import ANNA, Node
from trinity_beast.clock import SystemClock
from trinity_beast.parameters import CHANNEL, ConfigCache, Declarations, ParameterEditor, ParameterWatch, ThisNode
from trinity_beast.parameters.config_cache import KEY
from trinity_beast.parameters.settled import Settled
from trinity_beast.storage import Database, Notices, Valkey

WHOLE = {"limit": 20, "window_min": 5.0}


async def test_a_node_keeps_every_value_there_by_its_name(
    own_database: Database, declared: Declarations, editor: ParameterEditor, valkey: Valkey
) -> None:
    await editor.set({"limit": 20}, ANNA)
    await Node("one", own_database, declared, ConfigCache(valkey)).watch.look()
    found = await valkey.do("HMGET", KEY, "limit", "window_max", ":version")
    assert found == [b"20", b"45.0", b"1"]
    lifetime_ms = await valkey.do("PTTL", KEY)
    assert isinstance(lifetime_ms, int)
    assert 0 < lifetime_ms <= 600_000


async def test_an_older_version_never_takes_the_place_of_a_newer_one(valkey: Valkey) -> None:
    cache = ConfigCache(valkey)
    assert await cache.write(Settled(3, {"limit": 20}, "stress"), WHOLE)
    assert not await cache.write(Settled(2, {"limit": 10}), {"limit": 10})
    assert await cache.read() == Settled(3, {"limit": 20}, "stress")
    assert await valkey.do("HGET", KEY, "limit") == b"20"


async def test_a_node_that_cannot_see_the_database_takes_what_others_keep_there(declared: Declarations, valkey: Valkey) -> None:
    gone = Database("postgresql://127.0.0.1:1/none")
    node = Node("one", gone, declared, ConfigCache(valkey))
    assert await node.watch.look() == 0
    assert node.limit.value == 10
    await ConfigCache(valkey).write(Settled(3, {"limit": 20, "window_min": 99.0, "gone": 1}), WHOLE)
    assert await node.watch.look() == 3
    assert (node.limit.value, node.readings.values()["parameter_refresh_seconds"]) == (20, 60.0)
    await gone.close()


async def test_what_is_no_hash_of_ours_changes_nothing(declared: Declarations, valkey: Valkey) -> None:
    gone = Database("postgresql://127.0.0.1:1/none")
    node = Node("one", gone, declared, ConfigCache(valkey))
    await valkey.set(KEY, "not a hash", keep_seconds=60)
    assert await node.watch.look() == 0
    await valkey.delete(KEY)
    await valkey.do("HSET", KEY, ":version", "7", ":profile", "", ":set", "[1]")
    assert await node.watch.look() == 0
    assert node.limit.value == 10
    await gone.close()


async def test_a_cache_that_is_away_keeps_no_node_from_following(
    own_database: Database, declared: Declarations, editor: ParameterEditor
) -> None:
    away = Valkey("valkey://127.0.0.1:1/0", clock=SystemClock(), connect_seconds=0.2)
    readings = Node("one", own_database, declared).readings
    notices, here = Notices(own_database.url, CHANNEL, SystemClock()), ThisNode("id of one", "one")
    watch = ParameterWatch(own_database, notices, declared, readings, node=here, clock=SystemClock(), cache=ConfigCache(away))
    await editor.set({"limit": 20}, ANNA)
    assert await watch.look() == 1
    assert readings.values()["limit"] == 20
    await away.close()
