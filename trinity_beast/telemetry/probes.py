"""Probes of what many parts stand on."""

import asyncio

from trinity_beast.storage import Database, Valkey
from trinity_beast.telemetry.counters import Counters
from trinity_beast.telemetry.health import Finding, Probe


def database_probe(database: Database) -> Probe:
    """Return a probe that asks the database for as little as can be asked."""

    async def probe() -> Finding:
        await database.ping()
        gauges = database.gauges()
        return Finding(is_ok=True, facts={"open": gauges.db_open_conns, "in_use": gauges.db_in_use_conns, "waits": gauges.db_wait_count})

    return probe


def cache_probe(cache: Valkey) -> Probe:
    """Return a probe that asks the shared cache for as little as can be asked. A node serves without one."""

    async def probe() -> Finding:
        await cache.ping()
        gauges = cache.gauges()
        return Finding(is_ok=True, facts={"in_use": gauges.in_use, "failures": gauges.failures, "turned_away": gauges.turned_away})

    return probe


def metering_probe(counters: Counters) -> Probe:
    """Return a probe that finds fault once usage records have been lost since it last looked."""
    lost_before = 0

    async def probe() -> Finding:
        nonlocal lost_before
        counted = counters.contract()
        lost, lost_before = counted["usage_lost"] - lost_before, counted["usage_lost"]
        facts = {"recorded": counted["usage_recorded"], "lost": counted["usage_lost"]}
        if lost > 0:
            return Finding(is_ok=False, reason=f"{lost} usage records were lost lately: is the disk full?", facts=facts)
        return Finding(is_ok=True, facts=facts)

    return probe


def loop_probe() -> Probe:
    """Return a probe that tells how many tasks the event loop has; what grows there is never given back."""

    async def probe() -> Finding:
        return Finding(is_ok=True, facts={"tasks": len(asyncio.all_tasks())})

    return probe
