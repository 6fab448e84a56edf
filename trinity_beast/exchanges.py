"""Which market a node listens to: the real exchanges, the lab's stand-ins for them, or none."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from trinity_beast.clock import Clock
from trinity_beast.feeds import FeedTables, RawRow, any_reached, read_tables
from trinity_beast.lab import Lab, LabAddresses, addresses_in, open_market, row_for_lab
from trinity_beast.log import get_log
from trinity_beast.randomness import Dice
from trinity_beast.storage import Database
from trinity_beast.words import Venue

REACH_SECONDS = 5.0
LAB_PREFIX = "lab:"
_log = get_log("exchanges")


class FeedsChoice(StrEnum):
    """What `--feeds` says."""

    LIVE = "live"
    LAB = "lab"
    AUTO = "auto"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Exchanges:
    """The feed rows and the asset map to run by, and how they are read again when they have been changed.

    `readdressed` is what this market does to each row first; `source_prefix` marks every source tag of a market that is not real.
    """

    tables: FeedTables
    read: Callable[[], Awaitable[FeedTables]]
    readdressed: Callable[[RawRow], RawRow] = dict
    source_prefix: str = ""
    played_by: str = ""


@asynccontextmanager
async def exchanges(
    choice: FeedsChoice, lab_market: str, database: Database, clock: Clock, dice: Dice, *, lab: Path | None = None
) -> AsyncIterator[Exchanges]:
    """Give the exchanges chosen for the length of a block, in which the lab plays where it was chosen.

    `auto` takes the lab only when no enabled venue can be reached within 5 s. With `lab`, the file of a lab that runs
    already, that one is listened to instead of one of our own.

    Raises:
        DependencyAway: the tables cannot be read.
        MarketUnknown, RecordingUnusable: `lab_market` cannot be played.
        LabNotReached: `lab` tells of no running lab.
    """
    tables = await read_tables(database)
    for invalid in tables.invalid:
        _log.error("feed row left out", error=invalid, **invalid.facts)
    if choice is FeedsChoice.NONE:
        yield Exchanges(FeedTables((), tables.asset_map), partial(_map_alone, database), _silenced)
        return
    if choice is FeedsChoice.LAB or (choice is FeedsChoice.AUTO and not await _is_market_reached(tables)):
        if lab is not None:
            yield await _at(addresses_in(lab), database, f"the lab of {lab}")
            return
        async with _played(lab_market, database, clock, dice) as played:
            yield played
        return
    yield Exchanges(tables, partial(read_tables, database))


async def _map_alone(database: Database) -> FeedTables:
    return FeedTables((), (await read_tables(database)).asset_map)


async def _is_market_reached(tables: FeedTables) -> bool:
    is_reached = await any_reached([row.endpoint for row in tables.rows if row.enabled], seconds=REACH_SECONDS)
    if not is_reached:
        _log.warning("no exchange reached, starting the lab", waited_at_most_seconds=REACH_SECONDS)
    return is_reached


@asynccontextmanager
async def _played(lab_market: str, database: Database, clock: Clock, dice: Dice) -> AsyncIterator[Exchanges]:
    lab = Lab(open_market(lab_market), clock, dice)
    addresses = await lab.start()
    try:
        yield await _at(addresses, database, f"the lab ({lab_market})")
    finally:
        await lab.stop()


async def _at(addresses: Mapping[Venue, LabAddresses], database: Database, played_by: str) -> Exchanges:
    moved = partial(_moved, addresses=addresses)
    read = partial(read_tables, database, readdressed=moved)
    return Exchanges(await read(), read, moved, LAB_PREFIX, played_by)


def _silenced(row: RawRow) -> RawRow:
    """Return the row of a venue nothing may be asked of: off, and without its REST, which may be asked of one that is off."""
    return {**row, "enabled": False, "rest_rules": {}}


def _moved(row: RawRow, *, addresses: Mapping[Venue, LabAddresses]) -> RawRow:
    """Return the row at its stand-in. One without a stand-in of ours is off, unless it speaks to this machine anyway.

    So a rehearsal never asks a real exchange, and another stand-in beside the lab can be listened to.
    """
    own = addresses.get(Venue(str(row["venue"])))
    if own is not None:
        return row_for_lab(row, own)
    return row if _is_here(str(row["endpoint"])) else _silenced(row)


def _is_here(endpoint: str) -> bool:
    try:
        host = urlsplit(endpoint).hostname
    except ValueError:
        return False
    return host in {"127.0.0.1", "::1", "localhost"}
