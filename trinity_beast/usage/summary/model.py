"""Which answers are summed up, by what, and what they come to."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from trinity_beast.usage.model import Span
from trinity_beast.usage.summary.latencies import Latencies


@dataclass(frozen=True, slots=True)
class Chosen:
    """Answers from `since` until before `until`, of every filter that is not empty one. `key_ids` None is everybody's.

    Sources and protocols are given by their numbers in `usage_sources` and `usage_words`; statuses as spans, both ends included.
    """

    since: datetime
    until: datetime
    key_ids: tuple[int, ...] | None = None
    assets: tuple[str, ...] = ()
    source_ids: tuple[int, ...] = ()
    statuses: tuple[Span, ...] = ()
    protocols: tuple[int, ...] = ()

    @property
    def whole_days(self) -> tuple[date, date]:
        """Return the days, in UTC, that lie wholly within: from the first until before the second."""
        since, until = self.since.astimezone(UTC), self.until.astimezone(UTC)
        first = since.date() + (timedelta(days=1) if since.time() != time.min else timedelta(0))
        return first, max(first, until.date())

    @property
    def edges(self) -> list[tuple[datetime, datetime]]:
        """Return what is left of the time beside whole days: none, one or two stretches."""
        first, last = (datetime.combine(day, time.min, UTC) for day in self.whole_days)
        stretches = (
            [(self.since, min(first, self.until)), (max(last, self.since), self.until)] if first < last else [(self.since, self.until)]
        )
        return [stretch for stretch in stretches if stretch[0] < stretch[1]]


class Grouped(StrEnum):
    """By what sums are told apart; each is a column of `usage_days`."""

    DAY = "day"
    KEY = "key_id"
    ASSET = "asset"
    SOURCE = "source_id"
    NODE = "node_id"
    STATUS = "status"
    CODE = "code"
    STATE = "state"
    CACHE_TIER = "cache_tier"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Sums:
    """What the answers of one group come to. `by` None is all of them; `value` is as the column holds it.

    All but the percentiles of `latencies` is exact.
    """

    by: Grouped | None
    value: object
    requests: int
    charged: int
    refused: int
    assets: int
    answer_bytes: int
    latency_ns: int
    latencies: Latencies
