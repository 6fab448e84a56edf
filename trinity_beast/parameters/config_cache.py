"""The parameters in the shared cache (`app:config`): kept there by every node, read by one that cannot see the database."""

from collections.abc import Mapping

from trinity_beast.parameters.cached import PROFILE, SET, VERSION, fields_of, settled_of
from trinity_beast.parameters.model import Value
from trinity_beast.parameters.settled import Settled
from trinity_beast.storage import Script, Valkey, Word

KEY = "app:config"
KEPT_SECONDS = 600.0
"""Every node writes it anew at each look; once nobody has for so long, it would only tell what once was."""
WITHIN_SECONDS = 1.0

# A node that looked earlier and writes later must not bring the older set back.
SCRIPT = Script(
    """
local held = redis.call('HGET', KEYS[1], ':version')
if held and tonumber(held) > tonumber(ARGV[1]) then return 0 end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], unpack(ARGV, 3))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
"""
)


class ConfigCache:
    """Parameters in the shared cache, whole, by name."""

    def __init__(self, cache: Valkey) -> None:
        self._cache = cache

    async def write(self, settled: Settled, whole: Mapping[str, Value]) -> bool:
        """Keep a version there, unless a newer one lies there already; return whether it was kept.

        Raises:
            DependencyAway: the cache is not there.
        """
        fields = [word for field in fields_of(settled, whole).items() for word in field]
        arguments: list[Word] = [settled.version, round(KEPT_SECONDS * 1000), *fields]
        return await self._cache.run(SCRIPT, (KEY,), arguments, within_seconds=WITHIN_SECONDS) == 1

    async def read(self) -> Settled | None:
        """Return what lies there, or None where nothing does that can be read.

        Raises:
            DependencyAway: the cache is not there.
        """
        found = await self._cache.do("HMGET", KEY, VERSION, PROFILE, SET, within_seconds=WITHIN_SECONDS)
        fields = [each if isinstance(each, bytes) else None for each in found] if isinstance(found, list) else [None] * 3
        return settled_of(fields)
