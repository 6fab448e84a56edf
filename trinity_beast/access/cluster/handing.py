"""How many units of a month a node is handed. No unit is in two hands; what is handed and not given back counts as spent."""

import math

from trinity_beast.access.cluster.model import Ask, Block, Handed, HandedOut

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


def hand_out(ask: Ask, handed_out: HandedOut) -> Handed:
    """Decide one ask and enter it in the handed_out.

    Where no other node holds any, a node gets all that it wants: a single caller must be able to spend its last unit.
    Where others do, each gets a fair part of what is left, so that the last units are spread.
    """
    of = ask.of
    counts = [handed_out.counts[subject, of.month] for subject in of.subjects]
    block = handed_out.blocks.setdefault(of.place, Block())
    _take_back(ask, handed_out, block)
    bounds = list(of.subjects.values())
    left = max(0, min(bound - count.handed for bound, count in zip(bounds, counts, strict=True)))
    others = handed_out.holders.get(of.place, 0)
    given = 0 if ask.ends else min(ask.wants, math.ceil(left / (others + 1)))
    block.handed += given
    for count in counts:
        count.handed += given
        count.starves = count.starves or (given < ask.wants and others > 0)
    return Handed(of, block.handed, left - given, left > given or others > 0)


def _take_back(ask: Ask, handed_out: HandedOut, block: Block) -> None:
    spent = min(ask.spent, block.handed)
    given_back = block.handed - spent if ask.ends else min(ask.gives, block.handed - spent)
    block.spent = max(block.spent, spent)
    block.handed -= given_back
    for subject in ask.of.subjects:
        count = handed_out.counts[subject, ask.of.month]
        count.handed = max(0, count.handed - given_back)
