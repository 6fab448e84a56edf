"""The keys that ask most of this node, over the last minute or less, from what the engine counts for each."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trinity_beast.access.gate import CountsUse
from trinity_beast.clock import Clock
from trinity_beast.log import get_log

SAMPLE_EVERY_SECONDS = 5.0
SAMPLES_KEPT = 12
KEYS_KEPT = 100_000
"""Of more keys than this the one that asked longest ago is forgotten; its next sample then tells more than it asked in it."""
SECOND_NS = 1_000_000_000

Counts = tuple[int, int]
"""Granted and refused."""

_log = get_log("access")


@dataclass(frozen=True, slots=True)
class BusyKey:
    """A key and what it asked within a window."""

    key_id: int
    granted: int
    refused: int


@dataclass(frozen=True, slots=True)
class Window:
    """The busiest keys of the last `seconds`, and how many keys asked at all."""

    seconds: float
    keys: int
    busiest: Sequence[BusyKey]


class Busiest:
    """Looks every few seconds at which keys asked, and remembers a minute of it."""

    name = "busiest_keys"

    def __init__(self, counts: CountsUse, clock: Clock) -> None:
        self._counts, self._clock = counts, clock
        self._totals: OrderedDict[int, Counts] = OrderedDict()
        self._samples: deque[tuple[int, Mapping[int, Counts]]] = deque(maxlen=SAMPLES_KEPT)
        self._sampled_ns = clock.monotonic_ns()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look from here on."""
        self._task = asyncio.create_task(self._look_for_ever())

    async def stop(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def window(self, limit: int) -> Window:
        """Return up to `limit` keys that asked most within the last minute, those that asked just now included."""
        self._sample()
        asked: dict[int, Counts] = {}
        for _, sample in self._samples:
            for key_id, (granted, refused) in sample.items():
                before = asked.get(key_id, (0, 0))
                asked[key_id] = (before[0] + granted, before[1] + refused)
        ranked = sorted(asked.items(), key=lambda each: (-sum(each[1]), each[0]))
        seconds = sum(length_ns for length_ns, _ in self._samples) / SECOND_NS
        return Window(seconds, len(asked), [BusyKey(key_id, *counts) for key_id, counts in ranked[:limit]])

    async def _look_for_ever(self) -> None:
        while True:
            await self._clock.sleep(SAMPLE_EVERY_SECONDS)
            try:
                self._sample()
            except Exception as error:
                _log.error("busiest keys not seen", error=error)

    def _sample(self) -> None:
        since_ns, now_ns = self._sampled_ns, self._clock.monotonic_ns()
        sample = {}
        # From a whole sample further back: a request may be counted a moment after its time was taken.
        for used in self._counts.used_since(since_ns - round(SAMPLE_EVERY_SECONDS * SECOND_NS)):
            before = self._totals.pop(used.key_id, (0, 0))
            if used.granted < before[0] or used.refused < before[1]:
                before = (0, 0)  # It was forgotten and let in anew.
            asked = (used.granted - before[0], used.refused - before[1])
            self._totals[used.key_id] = (used.granted, used.refused)
            if any(asked):
                sample[used.key_id] = asked
        while len(self._totals) > KEYS_KEPT:
            self._totals.popitem(last=False)
        self._sampled_ns = now_ns
        self._keep(now_ns - since_ns, sample)

    def _keep(self, length_ns: int, sample: Mapping[int, Counts]) -> None:
        """Keep a sample; short ones, made by whoever looks more often, are joined so that the window stays a minute."""
        if self._samples and self._samples[-1][0] + length_ns <= SAMPLE_EVERY_SECONDS * SECOND_NS:
            last_ns, last = self._samples.pop()
            joined = dict(last)
            for key_id, (granted, refused) in sample.items():
                before = joined.get(key_id, (0, 0))
                joined[key_id] = (before[0] + granted, before[1] + refused)
            self._samples.append((last_ns + length_ns, joined))
        else:
            self._samples.append((length_ns, sample))
