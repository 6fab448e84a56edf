"""Tells the authority what this node has spent, many times a second, and keeps the engine to what it may spend."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from trinity_beast.access.cluster.authority import telling, told
from trinity_beast.access.cluster.contact import Contact, Stand, Terms
from trinity_beast.access.cluster.model import Fellowship
from trinity_beast.access.cluster.parameters import LEASE_REQUESTS_MAX, LEASE_REQUESTS_MIN, LEASE_SECONDS
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.storage import Answer, Call, DependencyAway

KEYS_PER_CALL = 512
CALLS_PER_TURN = 8
TURN_SECONDS = 0.025
MICROSECOND_NS = 1_000
_log = get_log("access")


class Leases(Protocol):
    """The engine's side. `engine.Leases` is one."""

    def set_size(self, *, seconds: float, least: int, most: int) -> None:
        """Set how large leases are."""
        ...

    def collect(self, most: int) -> bytes:
        """Return what up to `most` keys have spent, and remember that it was told."""
        ...

    def settle(self, answer: bytes, authority_us: int) -> None:
        """Take in the answer to what was collected."""
        ...

    def take_back(self) -> None:
        """Have what was collected told again."""
        ...

    def lead(self, stretch: float) -> None:
        """Spend from leases, every rate slowed down `stretch` times."""
        ...

    def cut(self) -> None:
        """Spend what is left of the leases."""
        ...

    def share(self, nodes: int) -> None:
        """Spend one of `nodes` equal shares from now on."""
        ...

    def __len__(self) -> int: ...


class SharedCache(Protocol):
    """The way to Valkey. `storage.Valkey` is one."""

    async def pipeline(self, commands: list[Call], *, within_seconds: float | None = None) -> list[Answer]:
        """Run scripts there."""
        ...

    async def time_ns(self, *, within_seconds: float | None = None) -> int:
        """Return its clock."""
        ...


class LeaseSize:
    """How large leases are now. Keys that are let in already keep theirs until their rate changes."""

    def __init__(self, readings: Readings) -> None:
        self._seconds, self._least, self._most = (readings.of(each) for each in (LEASE_SECONDS, LEASE_REQUESTS_MIN, LEASE_REQUESTS_MAX))

    def now(self) -> tuple[float, int, int]:
        """Return seconds of a key's rate, least and most requests."""
        return self._seconds.value, self._least.value, self._most.value


@dataclass(slots=True)
class Exchanged:
    """What the exchange has done since it started."""

    calls: int = 0
    lost: int = 0
    cuts: int = 0
    shares: int = 0


class LeaseExchange:
    """One node's exchange with the authority: a task that tells and hears, and says to the engine how it stands."""

    name = "lease_exchange"

    def __init__(
        self,
        leases: Leases,
        cache: SharedCache,
        node: str,
        fellowship: Callable[[], Fellowship],
        clock: Clock,
        *,
        size: LeaseSize | None = None,
        terms: Terms | None = None,
    ) -> None:
        """Exchange for `node`, a name no other process has. Without `size` leases are as large as the engine makes them."""
        self._leases, self._cache, self._node, self._fellowship, self._clock = leases, cache, node, fellowship, clock
        self._terms = terms or Terms()
        self._contact = Contact.beginning(clock.monotonic_ns())
        self._offset_us: int | None = None
        """How far the authority's clock is ahead of ours, at least; None while that is not known."""
        self._shared_among = 0
        self._size, self._size_said = size, (0.0, 0, 0)
        self._task: asyncio.Task[None] | None = None
        self.tally = Exchanged()

    @property
    def stand(self) -> Stand:
        """How the node stands now."""
        return self._contact.stand

    async def start(self) -> None:
        """Exchange from here on. Until the first answer only leases are spent."""
        self._leases.cut()
        self._contact = Contact.beginning(self._clock.monotonic_ns())
        await self.turn()
        self._task = asyncio.create_task(self._turn_for_ever())

    async def stop(self) -> None:
        """Tell what was spent last."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._contact.stand is Stand.LEASED:
            await self._tell()

    async def turn(self) -> None:
        """Do what is due now: tell, try to be heard again, or begin to spend the share."""
        self._say_size()
        now_ns = self._clock.monotonic_ns()
        if self._contact.stand is Stand.LEASED:
            if len(self._leases) or now_ns - self._contact.called_ns >= self._terms.tell_every_ns:
                await self._tell()
            return
        self._share_if_due(now_ns)
        if await self._hears():
            await self._tell()

    async def _turn_for_ever(self) -> None:
        while True:
            await self._clock.sleep(TURN_SECONDS)
            try:
                await self.turn()
            except Exception as error:
                # Whatever went wrong, the node must neither stop asking nor believe that it is in touch.
                _log.error("leases not exchanged", error=error)
                self._lose()

    def _say_size(self) -> None:
        if self._size is not None and (size := self._size.now()) != self._size_said:
            seconds, least, most = self._size_said = size
            self._leases.set_size(seconds=seconds, least=min(least, most), most=most)

    async def _tell(self) -> None:
        for _ in range(CALLS_PER_TURN):
            batch = self._leases.collect(KEYS_PER_CALL)
            if not await self._call(batch) or not len(self._leases):
                return

    async def _call(self, batch: bytes) -> bool:
        now_ns = self._clock.monotonic_ns()
        if self._contact.stand is Stand.SHARED:
            self._leases.cut()
        self._contact = self._contact.calling(now_ns)
        assert self._offset_us is not None, "nobody calls before it has heard the authority's clock"
        deadline_us = (now_ns + self._terms.deadline_ns) // MICROSECOND_NS + self._offset_us
        call = telling(
            self._node,
            batch,
            nodes=self._fellowship().nodes,
            absent_us=self._terms.absent_ns // MICROSECOND_NS,
            deadline_us=deadline_us,
        )
        self.tally.calls += 1
        try:
            (answer,) = await self._cache.pipeline([call], within_seconds=self._terms.deadline_ns / 1e9)
        except DependencyAway:
            self._leases.take_back()
            self._lose()
            return False
        except BaseException:
            self._leases.take_back()
            raise
        heard = told(answer)
        if heard is None:
            self._leases.take_back()
            self._lose()
            return False
        self._offset_us = heard.authority_us - self._clock.monotonic_ns() // MICROSECOND_NS
        self._leases.settle(heard.buckets, heard.authority_us)
        if self._contact.stand is not Stand.LEASED:
            _log.info("limits are the cluster's", stretch=round(heard.stretch, 3))
        self._contact = self._contact.answered()
        self._leases.lead(heard.stretch)
        return True

    def _lose(self) -> None:
        self.tally.lost += 1
        self._offset_us = None
        if self._contact.stand is Stand.LEASED:
            self.tally.cuts += 1
            self._leases.cut()
            _log.warning("limits are this node's own: the shared cache does not answer")
        self._contact = self._contact.unanswered()

    async def _hears(self) -> bool:
        """Whether the authority answers at all. Asking its clock tells it nothing of us, so the share may go on meanwhile."""
        try:
            authority_ns = await self._cache.time_ns(within_seconds=self._terms.deadline_ns / 1e9)
        except DependencyAway:
            return False
        self._offset_us = (authority_ns - self._clock.monotonic_ns()) // MICROSECOND_NS
        return True

    def _share_if_due(self, now_ns: int) -> None:
        fellowship = self._fellowship()
        if not fellowship.is_agreed:
            return
        before = self._contact.stand
        self._contact = self._contact.sharing(now_ns, self._terms)
        if self._contact.stand is Stand.SHARED and (before is not Stand.SHARED or self._shared_among != fellowship.nodes):
            self._shared_among = fellowship.nodes
            self._leases.share(fellowship.nodes)
            self.tally.shares += 1
