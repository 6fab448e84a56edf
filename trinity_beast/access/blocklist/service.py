"""Every use case of the blocklist: block, lift, list, and tell the nodes what stands."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from trinity_beast.access.blocklist import store
from trinity_beast.access.blocklist.errors import BlockInvalid, BlocklistFull, BlockUnknown, NetworkInvalid, NetworkProtected
from trinity_beast.access.blocklist.model import Block, Page, Standing
from trinity_beast.access.blocklist.network import Network, protected
from trinity_beast.access.parameters import BLOCKLIST_BLOCKS_MAX
from trinity_beast.clock import Clock
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database

REASON_CHARACTERS_MAX = 200
BLOCKED_FOR_MAX = timedelta(days=3_660)
COMMIT_SECONDS_MAX = 30
"""No transaction of ours is open this long: `Database` cuts it off before."""


class Blocklist:
    """The addresses and networks that are refused everywhere. Changes are announced by the database itself when they commit."""

    def __init__(self, database: Database, clock: Clock, *, readings: Readings | None = None) -> None:
        self._database, self._clock = database, clock
        self._most = (readings or Readings()).of(BLOCKLIST_BLOCKS_MAX)

    async def block(
        self,
        network: str,
        *,
        reason: str,
        by: str,
        seconds: float | None = None,
        own: str = "",
        force: bool = False,
        expected_version: int | None = None,
    ) -> Block:
        """Refuse `network` for `seconds`, or until it is lifted where they are None. A block it has already is replaced.

        `own` is the address whoever asks comes from. `expected_version` is the number of the block that is to be replaced.

        Raises:
            NetworkInvalid: it is neither an address nor a network.
            NetworkProtected: it holds loopback or `own`, and `force` was not given.
            BlockInvalid: there is no reason, or the end does not lie within ten years.
            BlocklistFull: too many blocks stand.
            ChangedMeanwhile: another block of it stands than was expected (0: none).
        """
        which = _network(network)
        if not force and (what := protected(which, own)):
            raise NetworkProtected(network=str(which), what=what)
        now = self._clock.now()
        new = Block(0, which, _reason(reason), by, now, _end(now, seconds))
        async with self._database.transaction() as tx:
            await store.take_turn(tx)
            lifted = await store.lift(tx, which, by=by, at=now)
            version = lifted[-1].block_id if lifted else 0
            if expected_version not in {None, version}:
                raise ChangedMeanwhile(row=f"block of {which}", expected_version=expected_version or 0, version=version)
            if await store.count_standing(tx, at=now) >= self._most.value:
                raise BlocklistFull(blocks_max=self._most.value)
            return await store.insert_block(tx, new)

    async def lift(self, network: str, *, by: str) -> Block:
        """Let a network in again: the one that was blocked, not others that hold it or lie in it.

        Raises:
            NetworkInvalid: it is neither an address nor a network.
            BlockUnknown: no block of it stands.
        """
        which = _network(network)
        async with self._database.transaction() as tx:
            await store.take_turn(tx)
            lifted = await store.lift(tx, which, by=by, at=self._clock.now())
        if not lifted:
            raise BlockUnknown(network=str(which))
        return lifted[-1]

    async def listing(self, *, ended: bool = False, before: int | None = None, limit: int = 100) -> Page:
        """Return a page of blocks, the newest first; `ended` ones too where that says so."""
        async with self._database.transaction() as tx:
            found = list(await store.blocks(tx, at=self._clock.now(), ended=ended, before=before, limit=limit + 1))
        page = found[:limit]
        return Page(page, page[-1].block_id if len(found) > limit else None)

    async def standings(self, looked_at: datetime | None) -> tuple[Sequence[Standing], datetime]:
        """Return what may have changed since the last look, all that is blocked without one, and the moment of this one.

        A change is stamped when it is made and seen when it is committed, so each look goes back `COMMIT_SECONDS_MAX`
        before the last, and tells the same change more than once.
        """
        async with self._database.transaction() as tx:
            now = await store.database_now(tx)
            since = looked_at and looked_at - timedelta(seconds=COMMIT_SECONDS_MAX)
            return await store.standings(tx, at=self._clock.now(), changed_after=since), now


def _network(text: str) -> Network:
    try:
        return Network.read(text.strip())
    except ValueError as error:
        raise NetworkInvalid(network=text[:100]) from error


def _reason(text: str) -> str:
    if not (0 < len(text.strip()) <= REASON_CHARACTERS_MAX and text.isprintable()):
        raise BlockInvalid(reason=f"the reason is 1 to {REASON_CHARACTERS_MAX} printable characters")
    return text.strip()


def _end(now: datetime, seconds: float | None) -> datetime | None:
    if seconds is None:
        return None
    if not 0 < seconds <= BLOCKED_FOR_MAX.total_seconds():
        raise BlockInvalid(reason="a block ends within ten years, or not by itself")
    return now + timedelta(seconds=seconds)
