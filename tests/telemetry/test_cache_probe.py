from tests.support.clock import ManualClock
from tests.support.valkey import ANSWER_SECONDS, ValkeyServerOfATest
from trinity_beast.storage import Valkey
from trinity_beast.telemetry import Health, cache_probe


async def test_a_cache_that_is_away_degrades_a_node_and_is_named(own_valkey: ValkeyServerOfATest, clock: ManualClock) -> None:
    cache, health = Valkey(own_valkey.url, clock=clock, command_seconds=ANSWER_SECONDS), Health(clock)
    health.register("cache", cache_probe(cache), is_needed=False)
    try:
        assert (await health.report()).status == "ready"
        own_valkey.kill()
        clock.advance(5)
        away = await health.report()
        assert (away.status, away.parts[0].finding.reason) == ("degraded", "DEPENDENCY_AWAY")
        own_valkey.start()
        clock.advance(5)
        back = await health.report()
        assert (back.status, dict(back.parts[0].finding.facts)) == ("ready", {"in_use": 0, "failures": 1, "turned_away": 0})
    finally:
        await cache.close()
