"""What was told before, to see whether time went back or an age shrank. Pure."""

from dataclasses import dataclass, field

from trinity_beast.rehearsal.model import MS_NS, Lie, Protocol, Told
from trinity_beast.words import Asset, Venue

UNDER_WAY_MOST = 64
"""So many answers that came while a question was under way are remembered; more come only if nobody asks for seconds."""


@dataclass(slots=True)
class _Line:
    """What was told of one asset by one venue."""

    floor_ns: int = 0
    """The newest exchange time in an answer that had come before some later question left."""
    fresh: list[tuple[int, int]] = field(default_factory=list)
    last: dict[Protocol, Told] = field(default_factory=dict)


class History:
    """Remembers per asset and venue. Answers cross on the way: only what had come before a question left binds its answer."""

    def __init__(self, *, clock_ns: int) -> None:
        self._clock_ns = clock_ns
        self._lines: dict[tuple[Asset, Venue], _Line] = {}

    def wrong_with(self, told: Told) -> list[tuple[Lie, str]]:
        """Return what contradicts earlier answers, and remember this one."""
        line = self._lines.setdefault((told.asset, told.venue), _Line())
        self._settle(line, told.asked.at_ns)
        found = []
        if line.floor_ns >= told.exchange_time_ns + told.unit_ns:
            found.append((Lie.BACKWARDS, f"a trade {(line.floor_ns - told.exchange_time_ns) // MS_NS} ms newer had been told before"))
        before = line.last.get(told.asked.protocol)
        if before is not None and before.exchange_time_ns == told.exchange_time_ns and before.heard_ns <= told.asked.at_ns:
            grown_ns = (told.age_ms - before.age_ms) * MS_NS
            if grown_ns < told.asked.at_ns - before.heard_ns - self._clock_ns:
                found.append((Lie.SHRUNK, f"it was {before.age_ms} ms old {(told.asked.at_ns - before.heard_ns) // MS_NS} ms before"))
        line.last[told.asked.protocol] = told
        line.fresh.append((told.heard_ns, told.exchange_time_ns))
        return found

    def _settle(self, line: _Line, asked_ns: int) -> None:
        waiting = []
        for heard_ns, time_ns in line.fresh:
            if heard_ns <= asked_ns:
                line.floor_ns = max(line.floor_ns, time_ns)
            else:
                waiting.append((heard_ns, time_ns))
        line.fresh = waiting[-UNDER_WAY_MOST:]
