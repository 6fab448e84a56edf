"""How usage fares on its way from the spool to the database, for operators, health and metrics."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from trinity_beast.clock import Clock
from trinity_beast.storage import DependencyAway
from trinity_beast.telemetry import Finding, Sample
from trinity_beast.usage import metrics
from trinity_beast.usage.aside.model import Standing
from trinity_beast.usage.aside.service import Aside
from trinity_beast.usage.carriers import ByQueue
from trinity_beast.usage.model import Backlog, UnreadableFile
from trinity_beast.usage.shipper import Shipped, Shipper
from trinity_beast.usage.waiting import Waiting

SECOND_NS = 1_000_000_000
FULL_SHARE = 0.8
"""Of its bound: a spool that has grown so far is told as a fault, while there is still room."""


@dataclass(frozen=True, slots=True)
class QueueStanding:
    """The queue, as far as it answers: approximately how many messages wait or are in hand, and what we have on its way."""

    waiting: int | None
    in_hand: int | None
    records_under_way: int
    sent_per_second: float
    resent: int
    away: str = ""


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at one moment. What only the database, or the queue, can tell is None while that is away."""

    carrier: str
    backlog: Backlog
    oldest_seconds: float
    bytes_max: int
    shipped: Shipped
    stored_per_second: float
    away: str
    trouble: str
    lost: int
    set_aside: Standing | None
    unreadable: list[UnreadableFile] = field(default_factory=list)
    queue: QueueStanding | None = None


class Oversight:
    """Looks over the shoulder of this node's shipper."""

    def __init__(
        self,
        waiting: Waiting,
        shipper: Shipper,
        aside: Aside,
        *,
        clock: Clock,
        lost: Callable[[], int],
        trouble: Callable[[], str | None] = lambda: None,
        queue: ByQueue | None = None,
    ) -> None:
        """Look at this shipper. `lost` counts records there was no room for, `trouble` says what stands in the spool's way."""
        self._waiting, self._shipper, self._aside, self._clock = waiting, shipper, aside, clock
        self._lost, self._trouble, self._queue = lost, trouble, queue

    async def overview(self) -> Overview:
        """Return how all of it stands, looked up now."""
        shipper = self._shipper
        paths = await asyncio.to_thread(self._waiting.paths)
        backlog = await asyncio.to_thread(self._waiting.backlog, paths)
        return Overview(
            carrier="in process" if self._queue is None else self._queue.name,
            backlog=backlog,
            oldest_seconds=self._age_seconds(backlog),
            bytes_max=shipper.bytes_max,
            shipped=shipper.shipped,
            stored_per_second=shipper.stored_per_second,
            away=shipper.away,
            trouble=self._trouble() or "",
            lost=self._lost(),
            set_aside=await self._standing(),
            unreadable=await asyncio.to_thread(self._waiting.unreadable),
            queue=await self._queue_standing(),
        )

    async def finding(self) -> Finding:
        """Find fault when nothing can be stored, the spool nears its bound, or something waits for a person. A `Probe`."""
        backlog, shipper = self._shipper.backlog, self._shipper
        facts = {
            "files": backlog.files,
            "bytes": backlog.bytes,
            "records": backlog.records,
            "oldest_seconds": round(self._age_seconds(backlog), 1),
            "stored_per_second": round(shipper.stored_per_second, 1),
        }
        if backlog.bytes > FULL_SHARE * shipper.bytes_max:
            reason = f"{backlog.bytes} of {shipper.bytes_max} bytes for usage that waits are used: past them the newest records are lost"
            return Finding(is_ok=False, reason=reason, facts=facts)
        if shipper.away:
            return Finding(is_ok=False, reason=f"usage is kept on disk for now: {shipper.away}", facts=facts)
        aside = await self._aside.standing()
        files = len(await asyncio.to_thread(self._waiting.unreadable))
        if waiting := aside.batches + aside.messages + files:
            reason = f"{waiting} things were set aside and wait for a person: `beast usage set-aside` lists them"
            return Finding(is_ok=False, reason=reason, facts=facts | {"set_aside": waiting})
        return Finding(is_ok=True, facts=facts)

    def samples(self) -> Iterator[Sample]:
        """Give all of it as metrics, the backlog as it was at the shipper's last look."""
        backlog, shipped = self._shipper.backlog, self._shipper.shipped
        yield metrics.BACKLOG_FILES.at(backlog.files)
        yield metrics.BACKLOG_BYTES.at(backlog.bytes)
        yield metrics.BACKLOG_RECORDS.at(backlog.records)
        yield metrics.BACKLOG_OLDEST_SECONDS.at(self._age_seconds(backlog))
        yield metrics.SPOOL_BYTES_MAX.at(self._shipper.bytes_max)
        yield metrics.STORED_PER_SECOND.at(self._shipper.stored_per_second)
        yield metrics.RECORDS_STORED.at(shipped.records)
        yield metrics.SEGMENTS_STORED.at(shipped.segments)
        yield metrics.BATCHES_SET_ASIDE.at(shipped.set_aside)
        yield metrics.FILES_SET_ASIDE.at(shipped.unreadable)
        yield metrics.FILES_COMPRESSED.at(shipped.compressed)
        yield metrics.SHIP_FAILURES.at(shipped.failures)
        if self._queue is not None:
            yield metrics.RECORDS_UNDER_WAY.at(self._queue.records_under_way)
            yield metrics.BATCHES_RESENT.at(self._queue.resent)

    def _age_seconds(self, backlog: Backlog) -> float:
        return 0.0 if backlog.oldest_ns is None else max(0.0, (self._clock.time_ns() - backlog.oldest_ns) / SECOND_NS)

    async def _standing(self) -> Standing | None:
        try:
            return await self._aside.standing()
        except DependencyAway:
            return None  # What is asked most while the database is away must not fall with it.

    async def _queue_standing(self) -> QueueStanding | None:
        queue = self._queue
        if queue is None:
            return None
        try:
            backlog = await queue.backlog()
        except DependencyAway as error:
            return QueueStanding(None, None, queue.records_under_way, queue.sent_per_second, queue.resent, str(error))
        return QueueStanding(backlog.waiting, backlog.in_hand, queue.records_under_way, queue.sent_per_second, queue.resent)
