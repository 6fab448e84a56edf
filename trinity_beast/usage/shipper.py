"""The shipper: takes what the spool has sealed to where it is stored, and removes it once it is."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.randomness import Dice
from trinity_beast.storage import DependencyAway
from trinity_beast.usage import parameters
from trinity_beast.usage.carriers import Carrier
from trinity_beast.usage.model import Backlog
from trinity_beast.usage.pace import Pace
from trinity_beast.usage.spread import Spread
from trinity_beast.usage.waiting import SEALED, Waiting, in_turns

RETRY_FIRST_SECONDS = 0.1
TEND_SECONDS = 1.0
MUCH = 4
"""What waits is much once it takes this part of its bound: then it is made smaller though it is on its way."""
_log = get_log("usage")


@dataclass(slots=True)
class Shipped:
    """What was done since the start."""

    segments: int = 0
    records: int = 0
    set_aside: int = 0
    unreadable: int = 0
    compressed: int = 0
    failures: int = 0


class Shipper:
    """Goes through the spool again and again. A `Part`.

    A segment's file is removed when each of its batches is stored or set aside, never before; whatever dies in between
    leads to a batch given twice, which the store knows by its sequences.
    """

    name = "usage shipper"

    def __init__(
        self,
        waiting: Waiting,
        carrier: Carrier,
        *,
        clock: Clock,
        dice: Dice,
        readings: Readings | None = None,
        bound: Callable[[int], None] = lambda _: None,
        count: Callable[[str, int], None] = lambda _name, _count: None,
        spread: Spread | None = None,
    ) -> None:
        """Ship what waits by `carrier`; `bound` is told how many bytes the spool may take, at the start and when that changes.

        `count` counts for the contract what goes to the carrier, `spread` what was stored by asset and source.
        """
        readings = readings or Readings()
        self._waiting, self._carrier, self._clock, self._dice = waiting, carrier, clock, dice
        self._bound, self._bytes_max, self._bound_told = bound, readings.of(parameters.SPOOL_BYTES_MAX), 0
        self._every_ms = readings.of(parameters.SHIP_MS)
        self._batch_records = readings.of(parameters.BATCH_RECORDS)
        self._retry_most = readings.of(parameters.RETRY_SECONDS_MAX)
        self._plain_max = readings.of(parameters.PLAIN_SEGMENTS_MAX)
        self._drain_seconds = readings.of(parameters.DRAIN_SECONDS)
        self._count, self._spread = count, spread
        self._is_away = False
        self._in_hand: set[Path] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self.shipped = Shipped()
        self.backlog = Backlog()
        """What waited when the files were last looked through."""
        self.away = ""
        """Why nothing can be stored just now; empty while all is well."""
        self._pace = Pace(clock.monotonic_ns())

    @property
    def stored_per_second(self) -> float:
        """How many records became stored a second, over the last minute."""
        return self._pace.per_second(self._clock.monotonic_ns())

    @property
    def bytes_max(self) -> int:
        """How many bytes the spool may take."""
        return self._bytes_max.value

    async def start(self) -> None:
        """Ship from here on; what an earlier start left goes first."""
        await asyncio.to_thread(self._waiting.tidy)
        self._tasks = [asyncio.create_task(self._ship_for_ever(), name=self.name), asyncio.create_task(self._tend_for_ever())]

    async def stop(self) -> None:
        """Store what is sealed by now, as long as `usage_drain_seconds` gives; the rest waits on disk."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            async with asyncio.timeout(self._drain_seconds.value):
                await self.ship()
        except TimeoutError:
            _log.info("usage left for the next start", files=len(self._waiting.paths()))

    async def ship(self) -> bool:
        """Take every waiting file once; whether all of them are gone."""
        self._is_away = False
        paths = await asyncio.to_thread(self._waiting.paths)
        turns = asyncio.Semaphore(self._carrier.shipments_max)
        gone = await asyncio.gather(*[self._ship_in_turn(path, turns) for path in in_turns(paths)])
        return all(gone)

    async def _ship_for_ever(self) -> None:
        pause = RETRY_FIRST_SECONDS
        while True:
            is_done = await self.ship()
            if self._is_away:
                # Jitter: a database that comes back must not meet every node in the same instant.
                await self._clock.sleep(pause * self._dice.uniform(0.5, 1.0))
                pause = min(pause * 2, self._retry_most.value)
            else:
                pause = RETRY_FIRST_SECONDS
                await self._clock.sleep(self._every_ms.value / 1_000 if is_done else pause)

    async def _ship_in_turn(self, path: Path, turns: asyncio.Semaphore) -> bool:
        async with turns:
            if self._is_away:
                return False  # The others would wait for the same door.
            self._in_hand.add(path)
            try:
                return await self._ship_file(path)
            except DependencyAway as error:
                if not self._is_away:
                    _log.warning("usage not stored", error=error)
                self._is_away, self.away = True, str(error)
            except Exception as error:
                _log.error("usage not shipped", file=path.name, error=error)
            finally:
                self._in_hand.discard(path)
            self.shipped.failures += 1
            return False

    async def _ship_file(self, path: Path) -> bool:
        try:
            batches = await asyncio.to_thread(self._waiting.batches, path, records_max=self._batch_records.value)
        except FileNotFoundError:
            return True
        except ValueError as error:
            aside = await asyncio.to_thread(self._waiting.set_aside, path, str(error))
            self.shipped.unreadable += 1
            _log.error("spool file set aside", file=str(aside), reason=str(error))
            return True
        spread = []
        for batch in batches:
            self._count("batch_rows_queued", batch.records)
            carried = await self._carrier.carry(batch)
            self.away = ""
            self._pace.note(carried.records, self._clock.monotonic_ns())
            self.shipped.records += carried.records  # Read only now: another file's count may have come meanwhile.
            self.shipped.set_aside += carried.is_set_aside
            if self._spread is not None:
                spread.append(await asyncio.to_thread(batch.spread))
        await asyncio.to_thread(self._waiting.stored, path)
        if self._spread is not None:
            self._spread.add(spread)  # Only now: a file of which a part fails is given whole once more.
        self.shipped.segments += 1
        return True

    async def _tend_for_ever(self) -> None:
        stored = self.shipped.records
        while True:
            if self._bound_told != self._bytes_max.value:
                self._bound_told = self._bytes_max.value
                self._bound(self._bound_told)
            try:
                await self._tend(is_stuck=bool(self.away) or stored == self.shipped.records)
            except Exception as error:
                _log.error("usage not tended", error=error)
            stored = self.shipped.records
            await self._clock.sleep(TEND_SECONDS)

    async def _tend(self, *, is_stuck: bool) -> None:
        """Look what waits; where nothing gets away, or much has gathered, make it smaller, but for the last few files."""
        paths = await asyncio.to_thread(self._waiting.paths)
        self.backlog = await asyncio.to_thread(self._waiting.backlog, paths)
        if not is_stuck and self.backlog.bytes < self._bytes_max.value / MUCH:
            return
        sealed = [path for path in paths if path.suffix == SEALED]
        for path in sealed[: max(0, len(sealed) - self._plain_max.value)]:
            if path in self._in_hand:
                continue
            try:
                await asyncio.to_thread(self._waiting.compress, path, records_max=self._batch_records.value)
            except FileNotFoundError:
                continue  # Stored meanwhile.
            except (OSError, ValueError) as error:
                _log.warning("usage not compressed", file=path.name, error=error)
                return
            self.shipped.compressed += 1
