"""How a symbol fares, and what a look at it proves."""

from enum import Enum, auto


class Phase(Enum):
    """How a symbol fares."""

    FLOWING = auto()
    """Its last trade came by the socket, or none came yet."""
    QUIET = auto()
    """The venue said that there was no newer trade."""
    REST = auto()
    """The venue's REST told a trade that the socket had not."""
    LENT = auto()
    """A neighbour told a trade, or a proof, that we had not."""
    HALTED = auto()
    """The venue says that the symbol is not traded for now."""


class Verdict(Enum):
    """What a look proved."""

    UNPROVEN = auto()
    QUIET = auto()
    NEWER = auto()
    UNCHANGED = auto()
    HALTED = auto()
