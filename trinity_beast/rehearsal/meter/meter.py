"""`rehearse meter`: under load processes die at random; then what the callers counted must be what the meter says, to the unit."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trinity_beast.randomness import dice_from
from trinity_beast.rehearsal.errors import RehearsalBroken
from trinity_beast.rehearsal.meter import store
from trinity_beast.rehearsal.meter.caller import Calling, HttpCaller, UdpCaller
from trinity_beast.rehearsal.meter.model import Counted, Ledger
from trinity_beast.rehearsal.meter.plan import Blow, blows_of
from trinity_beast.rehearsal.meter.report import MeterReport
from trinity_beast.rehearsal.meter.reported import reported
from trinity_beast.rehearsal.meter.site import Site, sited
from trinity_beast.rehearsal.meter.verdict import Verdict, judge
from trinity_beast.rehearsal.stage import Means
from trinity_beast.storage import Database

ASSETS = ("BTC",) * 12 + ("ETH",) * 6 + ("SOL", "NOPE")
"""The last is no asset: such a request is answered by Python."""
PAUSE_SECONDS = 0.015
DRAIN_SECONDS = 240.0
LOOK_SECONDS = 0.25
WAITING = frozenset([".sealed", ".packed"])


@dataclass(frozen=True, slots=True)
class MeterWanted:
    """How long processes die, drawn from which seed."""

    seconds: float = 120.0
    seed: int = 1
    pause_seconds: float = PAUSE_SECONDS
    by_queue: bool = True
    valkey_server: Path | None = None


async def rehearse_meter(wanted: MeterWanted, means: Means, *, struck: Callable[[Blow], None] = lambda _blow: None) -> MeterReport:
    """Bring up a site, let its processes die under load, let it drain, and compare.

    Raises:
        RehearsalBroken: it could not be carried out.
    """
    async with sited(wanted.seed, means, by_queue=wanted.by_queue, valkey_server=wanted.valkey_server) as site:
        blows = blows_of(dice_from(f"{wanted.seed} blows"), sorted(site.mortals), wanted.seconds)
        ledger = Ledger()
        await _under_load(site, wanted, ledger, blows, struck)
        await site.all_ready()
        drain_seconds = await _drained(site)
        database = Database(site.database_url, connections_max=1, statement_seconds=120.0, transaction_seconds=180.0)
        try:
            verdict, problems = await _judged(site, database, ledger)
        finally:
            await database.close()
    kills = {name: mortal.kills for name, mortal in site.mortals.items()}
    return MeterReport(wanted.seed, wanted.seconds, blows, kills, drain_seconds, verdict, tuple(problems))


async def _under_load(site: Site, wanted: MeterWanted, ledger: Ledger, blows: tuple[Blow, ...], struck: Callable[[Blow], None]) -> None:
    over = asyncio.Event()
    calling = Calling(ledger, ASSETS, wanted.pause_seconds, site.means.clock, over)
    async with asyncio.TaskGroup() as callers:
        for node in site.nodes:
            for number, key in enumerate(site.keys):
                dice = dice_from(f"{wanted.seed} {node.name} {number}")
                callers.create_task(HttpCaller(node.where, key, calling, dice).run(), name=f"ask {node.name}")
            callers.create_task(UdpCaller(node.where, site.keys[0], calling, dice_from(f"{wanted.seed} {node.name} udp")).run())
        try:
            await _strike(site, blows, wanted.seconds, struck)
        finally:
            over.set()


async def _strike(site: Site, blows: tuple[Blow, ...], seconds: float, struck: Callable[[Blow], None]) -> None:
    clock = site.means.clock
    begun_ns = clock.monotonic_ns()

    async def until(at_seconds: float) -> None:
        await clock.sleep(at_seconds - (clock.monotonic_ns() - begun_ns) / 1e9)

    for blow in blows:
        await until(blow.at_seconds)
        site.mortals[blow.victim].kill(blow.down_seconds)
        struck(blow)
    await until(seconds)


async def _drained(site: Site) -> float:
    """Wait until nothing waits on any node's disk; how long that took.

    Raises:
        RehearsalBroken: it does not end.
    """
    clock = site.means.clock
    begun_ns = clock.monotonic_ns()
    while await _waits(site):
        if clock.monotonic_ns() - begun_ns > DRAIN_SECONDS * 1e9:
            raise RehearsalBroken(reason=f"the spools were not empty after {DRAIN_SECONDS:.0f} s")
        await clock.sleep(LOOK_SECONDS)
    return (clock.monotonic_ns() - begun_ns) / 1e9


async def _waits(site: Site) -> bool:
    """Return whether a record waits on any node's disk, sealed or not."""
    spools = [node.data_dir / "spool" for node in site.nodes]
    if await asyncio.to_thread(_have_sealed, spools):
        return True
    status, told = await site.verb("spool", "print", "--json", "--last", "1", *map(str, spools))
    # Where it could not read, a segment was sealed or stored meanwhile: look again.
    return status != 0 or bool(told.strip())


def _have_sealed(spools: Sequence[Path]) -> bool:
    return any(path.suffix in WAITING for spool in spools for path in spool.iterdir())


async def _judged(site: Site, database: Database, ledger: Ledger) -> tuple[Verdict, list[str]]:
    rows = await store.rows_of(database)
    told: dict[str, Mapping[int, Counted]] = {"counters": await store.counters_of(database)}
    told |= await reported(_report_url(site), site.keys, site.means.clock)
    return judge(ledger, rows, told), [*await _set_aside(database), *await _reconciled(site)]


def _report_url(site: Site) -> str:
    addresses = site.nodes[0].addresses()
    if addresses is None:
        raise RehearsalBroken(reason=f"{site.nodes[0].name} does not say where it tells reports")
    return f"http://{addresses['report']}"


async def _set_aside(database: Database) -> list[str]:
    aside = await store.records_set_aside(database)
    return [f"{aside:,} records were set aside"] if aside else []


async def _reconciled(site: Site) -> list[str]:
    """Return what `beast reconcile` finds, over all nodes of the site."""
    folders = [word for node in site.nodes for word in ("--data-dir", str(node.data_dir))]
    status, told = await site.verb("reconcile", "--json", *folders)
    if status == 0:
        return []
    try:
        return [f"reconcile: {json.dumps(each)}" for each in json.loads(told)["differences"]]
    except (ValueError, KeyError):
        return [f"reconcile did not end: {told[-300:]}"]
