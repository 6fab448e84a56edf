"""Audits begun, watched, kept and found again. One at a time, over all nodes."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from trinity_beast.clock import Clock, pause
from trinity_beast.feeds import store as feed_store
from trinity_beast.feeds.auditing import store
from trinity_beast.feeds.auditing.auditor import Auditor, worst_first
from trinity_beast.feeds.auditing.model import Audit, AuditedAsset, AuditState, Verdict, WantedAudit
from trinity_beast.feeds.auditing.parameters import AUDITS_KEPT
from trinity_beast.feeds.errors import AuditRunning, AuditUnknown, VenueUnknown
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.moment import SECOND_NS
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database, DependencyAway

BEAT_SECONDS = 1.0
BEATS_MISSED = timedelta(seconds=60)
"""An audit that has not been heard of for so long is broken, whatever it was."""
STOPPED = "the node stopped while it ran"
UNHEARD = "nothing was heard of it any more"
KEEP_TRIES = 30
KEEP_PAUSE_SECONDS = 2.0
_log = get_log("feeds")


class _Progress:
    """How far the audit under way here is, and whoever waits to hear of it."""

    def __init__(self, audit: Audit) -> None:
        self.audit, self.done = audit, 0
        self.has_moved, self.is_over = asyncio.Event(), False

    def step(self) -> None:
        self.done += 1
        self._stir()

    def end(self) -> None:
        self.is_over = True
        self._stir()

    def _stir(self) -> None:
        self.has_moved.set()
        self.has_moved = asyncio.Event()


class Audits:
    """Every audit there is. A `Part`: one that is cut off when the node stops, or was when it fell, is marked broken."""

    name = "audits"

    def __init__(self, database: Database, auditor: Auditor, *, node: str, clock: Clock, readings: Readings | None = None) -> None:
        self._database, self._auditor, self._node, self._clock = database, auditor, node, clock
        self._kept = (readings or Readings()).of(AUDITS_KEPT)
        self._progress: _Progress | None = None
        self._running: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Mark what this node had under way when it fell."""
        try:
            async with self._database.transaction() as tx:
                broken = await store.mark_broken(tx, node=self._node, why="the node ended while it ran", at=self._clock.now())
        except DependencyAway as error:  # Its missing beat tells the same, later.
            _log.warning("broken audits not marked", error=error)
        else:
            for audit_id in broken:
                _log.warning("audit was cut off", audit=audit_id)

    async def stop(self) -> None:
        """Give up what is under way; it is kept as broken."""
        if self._running is None or self._progress is None:
            return
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        if not self._progress.is_over:  # It had not even come to its first step.
            await self._broken(self._progress.audit.audit_id, STOPPED)
            self._progress.end()

    async def begin(self, wanted: WantedAudit, *, by: str) -> Audit:
        """Begin an audit and return it as it begins; it goes on whoever goes away.

        Raises:
            AuditRunning: another is under way, and which.
            VenueUnknown: no feed of that name is on at this node.
        """
        venues = self._auditor.venues()
        for venue in wanted.venues:
            if venue not in venues:
                raise VenueUnknown(venue=venue)
        async with self._database.transaction() as tx:
            await store.hold_audits(tx)
            if (found := await store.running(tx)) is not None:
                self._refuse_if_alive(found)
                await store.mark_broken(tx, audit_id=found.audit_id, why=UNHEARD, at=self._clock.now())
            asset_map = await feed_store.asset_map(tx)
            rows = [row for row in asset_map if _is_wanted(row, wanted, venues)]
            now = self._clock.now()
            audit_id = await store.insert_audit(tx, wanted, by=by, node=self._node, total=2 * len(rows), at=now)
            await store.forget_oldest(tx, kept=self._kept.value)
        audit = Audit(audit_id, now, by, self._node, wanted, AuditState.RUNNING, 0, 2 * len(rows), now)
        progress = self._progress = _Progress(audit)
        running = asyncio.get_running_loop().create_task(self._run(progress, rows, asset_map), name=f"audit {audit_id}")
        self._running = running
        _log.info("audit begun", audit=audit_id, by=by, rows=len(rows))
        return audit

    async def read(self, audit_id: int) -> Audit:
        """Return an audit as it stands; one under way on another node as of its last beat.

        Raises:
            AuditUnknown: there is none of that number, or it was dropped for newer ones.
        """
        progress = self._progress
        if progress is not None and progress.audit.audit_id == audit_id and not progress.is_over:
            return replace(progress.audit, done=min(progress.done, progress.audit.total), beat_at=self._clock.now())
        async with self._database.transaction() as tx:
            found = await store.audit(tx, audit_id)
            if found is not None and self._is_dead(found):
                await store.mark_broken(tx, audit_id=audit_id, why=UNHEARD, at=self._clock.now())
                found = await store.audit(tx, audit_id)
        if found is None:
            raise AuditUnknown(audit=audit_id)
        return found

    async def wait(self, audit_id: int, *, seen: int, seconds: float) -> Audit:
        """Return an audit once it is over or more than `seen` steps are behind it, at the latest after `seconds`.

        Raises:
            AuditUnknown: as for `read`.
        """
        ends_ns = self._clock.monotonic_ns() + round(seconds * SECOND_NS)
        while True:
            progress = self._progress
            is_here = progress is not None and progress.audit.audit_id == audit_id
            moved = progress.has_moved if progress is not None and is_here else None
            audit = await self.read(audit_id)
            left = (ends_ns - self._clock.monotonic_ns()) / SECOND_NS
            if audit.state is not AuditState.RUNNING or audit.done > seen or left <= 0:
                return audit
            await pause(self._clock, min(left, BEAT_SECONDS), until=moved)

    async def results(self, audit_id: int, *, verdicts: Iterable[Verdict] = ()) -> Sequence[AuditedAsset]:
        """Return what an audit found, the broken first; nothing while it runs, or where it was cut off.

        Raises:
            AuditUnknown: as for `read`.
        """
        async with self._database.transaction() as tx:
            if await store.audit(tx, audit_id) is None:
                raise AuditUnknown(audit=audit_id)
            return await store.results(tx, audit_id, verdicts=[verdict.value for verdict in verdicts])

    async def listing(self, *, before: int | None = None, limit: int = 50) -> list[Audit]:
        """Return the audits that are kept, newest first."""
        async with self._database.transaction() as tx:
            return await store.audits(tx, before=before, limit=limit)

    def _refuse_if_alive(self, found: Audit) -> None:
        if not self._is_dead(found):
            raise AuditRunning(audit=found.audit_id, by=found.started_by, since=found.started_at)

    def _is_dead(self, audit: Audit) -> bool:
        return audit.state is AuditState.RUNNING and self._clock.now() - audit.beat_at > BEATS_MISSED

    async def _run(self, progress: _Progress, rows: Sequence[MappedAsset], asset_map: Sequence[MappedAsset]) -> None:
        audit_id, began_ns = progress.audit.audit_id, self._clock.monotonic_ns()
        beating = asyncio.get_running_loop().create_task(self._beat(progress), name=f"audit {audit_id} beat")
        try:
            results = sorted(await self._auditor.run(rows, asset_map, progress.step), key=worst_first)
            seconds = (self._clock.monotonic_ns() - began_ns) / SECOND_NS
            await self._keep(audit_id, results, seconds)
        except asyncio.CancelledError:
            await self._broken(audit_id, STOPPED)
            raise
        except Exception as error:
            _log.error("audit failed", error=error, audit=audit_id)
            await self._broken(audit_id, f"it failed: {type(error).__name__}")
        finally:
            beating.cancel()
            progress.end()

    async def _keep(self, audit_id: int, results: Sequence[AuditedAsset], seconds: float) -> None:
        """Keep what was found, waiting a while for a database that is away."""
        counts = dict(Counter(one.verdict.value for one in results))
        for tries_left in range(KEEP_TRIES - 1, -1, -1):
            try:
                async with self._database.transaction() as tx:
                    kept = await store.finish(tx, audit_id, at=self._clock.now(), seconds=seconds, counts=counts, results=results)
            except DependencyAway:
                if not tries_left:
                    raise
                await self._clock.sleep(KEEP_PAUSE_SECONDS)
            else:
                event = "audit done" if kept else "audit done, and called broken meanwhile"
                _log.info(event, audit=audit_id, seconds=round(seconds, 3), counts=counts)
                return

    async def _broken(self, audit_id: int, why: str) -> None:
        try:
            async with self._database.transaction() as tx:
                await store.mark_broken(tx, audit_id=audit_id, why=why, at=self._clock.now())
        except DependencyAway as error:  # Its missing beat tells the same, later.
            _log.warning("audit not marked broken", error=error, audit=audit_id)

    async def _beat(self, progress: _Progress) -> None:
        """Tell the other nodes how far it is, for as long as it runs."""
        while True:
            await self._clock.sleep(BEAT_SECONDS)
            try:
                async with self._database.transaction() as tx:
                    await store.beat(tx, progress.audit.audit_id, done=min(progress.done, progress.audit.total), at=self._clock.now())
            except DependencyAway as error:
                _log.warning("audit beat not kept", error=error, audit=progress.audit.audit_id)


def _is_wanted(row: MappedAsset, wanted: WantedAudit, venues: Iterable[str]) -> bool:
    if not row.enabled or row.venue not in set(venues) or (wanted.only_prewarmed and not row.prewarm):
        return False
    return not wanted.venues or row.venue in wanted.venues
