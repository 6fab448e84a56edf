"""When each key was used last: written in batches, lost where it cannot be written, and counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from tests.support.clock import START, ManualClock
from trinity_beast.access import Digests, Keys, LastUses
from trinity_beast.randomness import SystemSecrets
from trinity_beast.storage import Database, DependencyAway


@dataclass(frozen=True)
class Used:
    key_id: int
    last_used_ns: int
    granted: int = 1
    refused: int = 0


class Counts:
    def __init__(self) -> None:
        self.used: list[Used] = []
        self.asked: list[int] = []

    def used_since(self, monotonic_ns: int) -> Sequence[Used]:
        self.asked.append(monotonic_ns)
        return self.used


def unix_ns(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000


async def written(part: LastUses, clock: ManualClock) -> None:
    await part.start()
    await clock.wait_for_sleepers(1)
    clock.advance(60)
    await clock.wait_for_sleepers(1)


async def test_uses_are_noted_to_the_minute_and_never_go_back(database: Database, keys: Keys, clock: ManualClock) -> None:
    key_id = (await keys.issue("free", "mine")).key.key_id
    counts = Counts()
    part = LastUses(counts, keys, clock)
    counts.used = [Used(key_id, unix_ns(START + timedelta(seconds=90)))]
    await written(part, clock)
    noted = START.replace(second=0, microsecond=0) + timedelta(minutes=1)
    assert (await keys.key(key_id)).last_used_at == noted

    counts.used = [Used(key_id, unix_ns(START - timedelta(days=1)))]
    await part.stop()
    assert (await keys.key(key_id)).last_used_at == noted
    assert (part.written, part.lost) == (2, 0)
    assert counts.asked == [0, clock.monotonic_ns()]  # From the last writing on, and no further back.


async def test_more_keys_than_a_writing_holds_are_lost_and_counted(keys: Keys, clock: ManualClock) -> None:
    issued = [(await keys.issue("free", f"key {number}")).key.key_id for number in range(3)]
    counts = Counts()
    counts.used = [Used(key_id, unix_ns(START)) for key_id in issued]
    part = LastUses(counts, keys, clock, keys_per_writing=2)
    await part.stop()
    assert (part.written, part.lost) == (2, 1)
    assert [bool((await keys.key(key_id)).last_used_at) for key_id in issued] == [True, True, False]


class AwayKeys(Keys):
    """Keys whose store is away."""

    async def note_last_uses(self, last_used: Mapping[int, datetime]) -> None:
        raise DependencyAway(part="database", keys=len(last_used))


async def test_while_the_store_is_away_uses_are_lost_and_counted(database: Database, clock: ManualClock, digests: Digests) -> None:
    counts = Counts()
    counts.used = [Used(7, unix_ns(datetime(2026, 11, 20, tzinfo=UTC)))]
    part = LastUses(counts, AwayKeys(database, digests, clock, SystemSecrets()), clock)
    await written(part, clock)
    await part.stop()
    assert (part.written, part.lost) == (0, 2)


async def test_nothing_used_is_nothing_written(keys: Keys, clock: ManualClock) -> None:
    part = LastUses(Counts(), keys, clock)
    await part.stop()
    assert (part.written, part.lost) == (0, 0)
