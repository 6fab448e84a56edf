"""How many units of a month a node is handed. No unit is in two hands; what is handed and not given back counts as spent."""

import math
from collections.abc import Sequence
from dataclasses import replace

from trinity_beast.access.cluster.model import Ask, Block, Count, Elsewhere, Handed, HandedOut, MonthOf, Others

SECONDS_AT_FULL_RATE = 4.0
SECONDS_AS_OF_LATE = 600.0
"""A block outlasts an outage of the store of ten minutes, if the key goes on asking as of late."""


def wanted(*, rate_per_second: float, burst: int, spent_per_second: float) -> int:
    """Return how many units a node should hold of a key's month.

    Never so few that the key could run out, at its full rate, before more can come.
    """
    return burst + math.ceil(max(rate_per_second * SECONDS_AT_FULL_RATE, spent_per_second * SECONDS_AS_OF_LATE))


def low_water(*, rate_per_second: float, burst: int) -> int:
    """Return with how many units left a node asks for more: a burst and a second at full rate before it runs out."""
    return burst + math.ceil(rate_per_second)


def hand_out_all(asks: Sequence[Ask], handed_out: HandedOut) -> Sequence[Handed]:
    """Decide asks of one node together, in their order; what is given back comes first, for another may want it.

    What one key of an account is handed the others know of: nobody calls a month spent whose last unit has just been given.
    """
    handed: dict[int, Handed] = {}
    for place in sorted(range(len(asks)), key=lambda place: asks[place].wants > 0):
        ask = asks[place]
        before = handed_out.blocks.get(ask.of.place, Block()).handed
        handed[place] = hand_out(ask, handed_out)
        if ask.of.account_id is not None and handed[place].handed > before:
            for sibling in asks:
                if sibling.of.is_sibling_of(ask.of):
                    others = handed_out.others.setdefault(sibling.of.place, Others())
                    others.hold([f"account:{ask.of.account_id}"], handed[place].handed - before)
    return [replace(handed[place], elsewhere=elsewhere(ask.of, handed_out)) for place, ask in enumerate(asks)]


def hand_out(ask: Ask, handed_out: HandedOut) -> Handed:
    """Decide one ask and enter it in the handed_out.

    Where nobody else holds any, a key gets all that it wants: a single caller must be able to spend its last unit.
    Where others do, other nodes or other keys of the account, each gets a fair part of what is left, so that the last
    units are spread.
    """
    of = ask.of
    counts = [handed_out.counts[subject, of.month] for subject in of.subjects]
    block = handed_out.blocks.setdefault(of.place, Block())
    _take_back(ask, handed_out, block)
    others = handed_out.others.get(of.place, Others()).holders
    given = 0 if ask.ends else min(ask.wants, math.ceil(elsewhere(of, handed_out).left / (others + 1)))
    block.handed += given
    for count in counts:
        count.handed += given
        count.starves = count.starves or (given < ask.wants and others > 0)
    return Handed(of, block.handed, elsewhere(of, handed_out))


def elsewhere(of: MonthOf, handed_out: HandedOut) -> Elsewhere:
    """Return what there is of a month beyond what is held of it here."""
    others = handed_out.others.get(of.place, Others())
    left = {
        subject: bound - handed_out.counts.get((subject, of.month), Count(subject, of.month, 0)).handed
        for subject, bound in of.subjects.items()
    }
    least = max(0, min(left.values()))
    told = max(0, min(units + others.units.get(subject, 0) for subject, units in left.items()))
    return Elsewhere(least, told, least > 0 or others.holders > 0)


def _take_back(ask: Ask, handed_out: HandedOut, block: Block) -> None:
    spent = min(ask.spent, block.handed)
    given_back = block.handed - spent if ask.ends else min(ask.gives, block.handed - spent)
    block.spent = max(block.spent, spent)
    block.handed -= given_back
    for subject in ask.of.subjects:
        count = handed_out.counts[subject, ask.of.month]
        count.handed = max(0, count.handed - given_back)
