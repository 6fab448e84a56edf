"""Sheds load when there is too much of it: the cheapest callers first, partners and ourselves never. Off by default."""

from trinity_beast.access.governor.part import Governor
from trinity_beast.access.governor.rules import rank_of

__all__ = ["Governor", "rank_of"]
