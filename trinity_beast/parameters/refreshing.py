"""Putting what is stored into the shared cache, by whoever is no node and follows no change."""

from trinity_beast.parameters import store
from trinity_beast.parameters.config_cache import ConfigCache
from trinity_beast.parameters.declared import Declarations
from trinity_beast.storage import Database


async def refresh_config(database: Database, declared: Declarations, cache: ConfigCache) -> int:
    """Put every parameter's value there, unless a newer set lies there already; return how many there are.

    Raises:
        DependencyAway: the database or the cache is away.
    """
    async with database.transaction() as tx:
        settled = await store.settled(tx)
    whole = declared.whole(declared.usable(settled.values)[0])
    await cache.write(settled, whole)
    return len(whole)
