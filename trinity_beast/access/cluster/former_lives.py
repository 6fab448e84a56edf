"""What lives of this node that were killed have left: booked to the unit, and the rest given back."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol

from trinity_beast.access.cluster import store
from trinity_beast.access.cluster.model import Holder
from trinity_beast.access.months import ends_ns, month_of
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.storage import Database

MONTHS_KEPT = timedelta(days=62)
_log = get_log("access")

Spent = Mapping[tuple[int, int], int]
"""What a life has spent, by key and the Unix nanosecond at which a month of it ends."""


class FormerLives(Protocol):
    """The engine's side. `engine.Quotas` is one."""

    def former_lives(self) -> list[tuple[str, list[tuple[int, int, int]] | None]]:
        """Return what former lives have spent."""
        ...

    def forget_life(self, life: str) -> None:
        """Forget a former life."""
        ...


async def settle_former_lives(database: Database, quotas: FormerLives, holder: Holder, clock: Clock) -> None:
    """Give back what lives of `holder`'s node before this one had not spent, and book what they had."""
    former = dict(quotas.former_lives())
    async with database.transaction() as tx:
        left_behind = await store.blocks_of_former_lives(tx, holder.node_id, holder.life)
        for life, blocks in left_behind.items():
            returned, booked = _settled(blocks, _by_place(former.get(life)), month_of(clock.now()))
            await store.give_back(tx, returned)
            await store.forget_life(tx, Holder(holder.node_id, life))
            await store.book_use(tx, booked, at=clock.now())
            _log.info("former life settled", blocks=len(blocks), units=sum(returned.values()), is_known=former.get(life) is not None)
        await store.forget_months_before(tx, month_of(clock.now() - MONTHS_KEPT))
    for life in former:
        quotas.forget_life(life)


def _settled(
    blocks: Sequence[store.LeftBehind], spent_of: Spent | None, this_month: date
) -> tuple[dict[tuple[str, date], int], dict[int, int]]:
    """Return what goes back to each count, and what each key has spent of this month and had not told yet."""
    returned: dict[tuple[str, date], int] = {}
    booked: dict[int, int] = {}
    for key_id, month, account_id, block in blocks:
        # Nobody knows what a life spent whose machine fell: all of it, then, for no unit may be spent twice.
        spent = block.handed if spent_of is None else min(block.handed, spent_of.get((key_id, ends_ns(month)), 0))
        for subject in [f"key:{key_id}"] + ([] if account_id is None else [f"account:{account_id}"]):
            returned[subject, month] = returned.get((subject, month), 0) + block.handed - spent
        if month == this_month:
            booked[key_id] = booked.get(key_id, 0) + max(0, spent - block.spent)
    return returned, booked


def _by_place(spent: list[tuple[int, int, int]] | None) -> Spent | None:
    return None if spent is None else {(key_id, ends_at_ns): units for key_id, ends_at_ns, units in spent}
