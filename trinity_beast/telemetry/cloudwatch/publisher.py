"""The publisher: what came since the last round goes to CloudWatch, each figure once, late rather than twice."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from trinity_beast.clock import Clock, pause
from trinity_beast.cloud import FIGURES_MAX, Figure, Outcome, Put
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.randomness import Dice
from trinity_beast.telemetry import metrics
from trinity_beast.telemetry.cloudwatch.model import Account
from trinity_beast.telemetry.metric import Sample
from trinity_beast.telemetry.parameters import CLOUDWATCH_PENDING_MAX, CLOUDWATCH_PUBLISH_SECONDS

TRIES_MAX = 3
PAUSE_SECONDS = 0.5
FAREWELL_SECONDS = 5.0
_log = get_log("telemetry")


class Keeper(Protocol):
    """Who keeps figures. `cloud.CloudWatch` is one."""

    async def put(self, namespace: str, figures: Sequence[Figure]) -> Put:
        """Give figures in one call, and tell what became of them."""
        ...

    async def close(self) -> None:
        """End the connections."""
        ...


@dataclass(slots=True)
class Published:
    """What became of figures since the start. Each ends as sent, lost or uncertain."""

    calls: int = 0
    retries: int = 0
    figures_sent: int = 0
    figures_lost: int = 0
    figures_uncertain: int = 0


class Publisher:
    """Tells the figures of each account every `cloudwatch_publish_seconds`. A `Part`.

    A call that was refused, or could not be made, is made again: at once a few times, then with the next round, until more
    than `cloudwatch_pending_max` calls wait, when the oldest are lost and counted. Of a call that broke in the middle nobody
    knows whether it was taken; CloudWatch would count it twice, so it is not made again, and its figures are counted as uncertain.
    """

    name = "cloudwatch"

    def __init__(
        self, keeper: Keeper, accounts: Sequence[Account[Any]], *, clock: Clock, dice: Dice, readings: Readings | None = None
    ) -> None:  # fmt: skip
        readings = readings or Readings()
        self._keeper, self._accounts, self._clock, self._dice = keeper, accounts, clock, dice
        self._every_seconds = readings.of(CLOUDWATCH_PUBLISH_SECONDS)
        self._pending_max = readings.of(CLOUDWATCH_PENDING_MAX)
        self._pending: deque[tuple[str, list[Figure]]] = deque()
        self._turned = asyncio.Event()
        readings.follow(self._turned.set)
        self._task: asyncio.Task[None] | None = None
        self.published = Published()
        self.away = ""
        """Why CloudWatch takes nothing just now; empty while all is well."""

    async def start(self) -> None:
        """Publish from here on."""
        self._task = asyncio.create_task(self._publish_for_ever(), name=self.name)

    async def stop(self) -> None:
        """Tell what came since the last round, if CloudWatch takes it soon; what it does not take is lost, and said so."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            async with asyncio.timeout(FAREWELL_SECONDS):
                await self.publish()
        except TimeoutError:
            _log.warning("last figures not told", seconds=FAREWELL_SECONDS)
        self._lose(len(self._pending))
        await self._keeper.close()

    async def publish(self) -> None:
        """Do one round: note what came since the last, then give what waits, the oldest first, until something is not taken."""
        at = self._clock.now()
        for account in self._accounts:
            figures = account.due(at)
            for first in range(0, len(figures), FIGURES_MAX):
                self._pending.append((account.namespace, figures[first : first + FIGURES_MAX]))
        self._lose(len(self._pending) - self._pending_max.value)
        while self._pending and await self._is_oldest_settled():
            pass

    def samples(self) -> Iterator[Sample]:
        """Give what became of figures as metrics."""
        published = self.published
        yield metrics.CLOUDWATCH_CALLS.at(published.calls)
        yield metrics.CLOUDWATCH_RETRIES.at(published.retries)
        yield metrics.CLOUDWATCH_FIGURES.at(published.figures_sent, "sent")
        yield metrics.CLOUDWATCH_FIGURES.at(published.figures_lost, "lost")
        yield metrics.CLOUDWATCH_FIGURES.at(published.figures_uncertain, "uncertain")
        yield metrics.CLOUDWATCH_PENDING.at(len(self._pending))

    async def _publish_for_ever(self) -> None:
        while True:
            await self._rest()
            try:
                await self.publish()
            except Exception as error:  # Whatever it was, the next round must come.
                _log.error("figures not published", error=error)

    async def _rest(self) -> None:
        """Wait until a round is due, by the interval as it is turned meanwhile."""
        began_ns = self._clock.monotonic_ns()
        while (left := self._every_seconds.value - (self._clock.monotonic_ns() - began_ns) / 1_000_000_000) > 0:
            self._turned.clear()
            await pause(self._clock, left, until=self._turned)

    async def _is_oldest_settled(self) -> bool:
        """Give what has waited longest; whether it needs no more care."""
        for tries in range(TRIES_MAX):
            if tries:
                self.published.retries += 1
                await self._clock.sleep(PAUSE_SECONDS * 2.0**tries * self._dice.uniform(0.5, 1.0))
            namespace, figures = self._pending.popleft()
            put = await self._put(namespace, figures)
            if put.outcome is not Outcome.NOT_TAKEN:
                self._settle(put, len(figures))
                return True
            self._pending.appendleft((namespace, figures))
            self._note_away(put.reason)
        return False

    async def _put(self, namespace: str, figures: list[Figure]) -> Put:
        self.published.calls += 1
        try:
            return await self._keeper.put(namespace, figures)
        except asyncio.CancelledError:
            # We stop while a call is on its way. It may have been taken, so it must not be made again.
            self.published.figures_uncertain += len(figures)
            raise

    def _settle(self, put: Put, count: int) -> None:
        if put.outcome is Outcome.TAKEN:
            self.published.figures_sent += count
            if self.away:
                _log.info("cloudwatch takes figures again")
            self.away = ""
            return
        self.published.figures_uncertain += count
        self._note_away(put.reason)

    def _note_away(self, reason: str) -> None:
        if not self.away:  # The counters go on; the log says it once.
            _log.warning("cloudwatch does not take figures", reason=reason)
        self.away = reason

    def _lose(self, calls: int) -> None:
        for _ in range(min(calls, len(self._pending))):
            namespace, figures = self._pending.popleft()
            self.published.figures_lost += len(figures)
            _log.warning("figures lost", namespace=namespace, count=len(figures))
