"""What was stored when a listing began, so that its later pages hold nothing that came since.

Rows come late: a node that was away stores what it answered hours ago. A listing by time that went on from page to page over
whatever is there would tell some of them and skip others. So its first page notes which records there are, and the others
leave the rest out. A record is known by its lane and sequence, and each lane keeps which of its sequences are stored, in the
same transaction as the rows: to note those is exact, whatever the clocks of nodes and database say.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trinity_beast.usage.model import Span

ACTIVE_WITHIN = timedelta(hours=1)
"""A lane that stored nothing for so long is taken for one that stores no more; should it do so after all, the listing ends."""
ACTIVE_MAX = 256


@dataclass(frozen=True, slots=True)
class LaneStored:
    """Which of a lane's sequences are stored, and since when."""

    lane_id: int
    spans: tuple[Span, ...]
    changed_at: datetime

    @property
    def records(self) -> int:
        """Return how many sequences that are."""
        return sum(span.last - span.first + 1 for span in self.spans)


@dataclass(frozen=True, slots=True)
class Seen:
    """The records that were stored at one moment.

    Of lanes that were storing lately, their sequences; of all the others up to `lanes_max`, how many they had together.
    """

    lanes_max: int
    active: Mapping[int, tuple[Span, ...]]
    quiet_records: int

    def includes(self, lane_id: int, sequence: int) -> bool:
        """Whether this record was stored by then."""
        if lane_id > self.lanes_max:
            return False
        spans = self.active.get(lane_id)
        return spans is None or any(span.first <= sequence <= span.last for span in spans)

    def holds_at(self, lanes: Iterable[LaneStored]) -> bool:
        """Whether it can still be told what was stored by then: no lane that was quiet has stored anything since."""
        return self.quiet_records == sum(
            lane.records for lane in lanes if lane.lane_id <= self.lanes_max and lane.lane_id not in self.active
        )


def seen_of(lanes: Sequence[LaneStored], now: datetime) -> Seen:
    """Note what is stored."""
    lately = sorted((lane for lane in lanes if now - lane.changed_at < ACTIVE_WITHIN), key=lambda lane: lane.changed_at, reverse=True)
    active = {lane.lane_id: lane.spans for lane in lately[:ACTIVE_MAX]}
    quiet = sum(lane.records for lane in lanes if lane.lane_id not in active)
    return Seen(max((lane.lane_id for lane in lanes), default=0), active, quiet)
