"""The nouns of a cluster: who its nodes are, and which units of a month each of them was handed."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Fellowship:
    """How many nodes there are, this one included, and whether they all reckon with at least as many."""

    nodes: int
    is_agreed: bool


@dataclass(frozen=True, slots=True)
class Fellow:
    """A node that was seen lately, and how many nodes it knows of."""

    node_id: str
    name: str
    nodes_known: int


@dataclass(frozen=True, slots=True)
class Holder:
    """One life of one node. What it was handed is its alone."""

    node_id: str
    life: str


@dataclass(frozen=True, slots=True)
class MonthOf:
    """A key's month, and by what it is bounded: the key's quota and, where it has an account, that account's."""

    key_id: int
    month: date
    quota: int
    account_id: int | None = None
    account_quota: int | None = None

    @property
    def place(self) -> tuple[int, date]:
        """What names it."""
        return self.key_id, self.month

    @property
    def subjects(self) -> dict[str, int]:
        """Whose counts bind it, each with its bound, by the name of its row."""
        bounds = {f"key:{self.key_id}": self.quota}
        if self.account_id is not None and self.account_quota is not None:
            bounds[f"account:{self.account_id}"] = self.account_quota
        return bounds


@dataclass(frozen=True, slots=True)
class Ask:
    """What a node asks of the store for one key's month: units it wants, units it gives back, and what it has spent in all."""

    of: MonthOf
    wants: int = 0
    gives: int = 0
    spent: int = 0
    ends: bool = False
    """The node will spend no more of this month; what it has not spent it gives back."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What a node holds of one key's month after asking: all it was ever handed and kept, and what the store has left."""

    of: MonthOf
    handed: int
    left: int
    has_more: bool
    """Where the store has none left: whether other nodes hold units that they may give back."""


@dataclass(slots=True)
class Count:
    """How many units of a subject's month are handed out, as the store has it under lock."""

    subject: str
    month: date
    handed: int
    starves: bool = False


@dataclass(slots=True)
class Block:
    """What one life of a node was handed of one key's month, and how much of it was spent when it last told."""

    handed: int = 0
    spent: int = 0


@dataclass(slots=True)
class HandedOut:
    """What a round of asks is decided by, read under lock.

    Counts by subject and month; the asking life's own blocks; and for each key's month how many other living nodes hold
    units of what binds it.
    """

    counts: dict[tuple[str, date], Count] = field(default_factory=dict)
    blocks: dict[tuple[int, date], Block] = field(default_factory=dict)
    holders: dict[tuple[int, date], int] = field(default_factory=dict)
