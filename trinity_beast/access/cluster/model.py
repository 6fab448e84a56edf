"""The nouns of a cluster: who its nodes are, and which units of a month each of them was handed."""

from collections.abc import Collection
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

    def is_sibling_of(self, other: "MonthOf") -> bool:
        """Whether both are months of two keys of one account."""
        return (
            self.account_id is not None and (self.account_id, self.month) == (other.account_id, other.month) and self.key_id != other.key_id
        )

    @property
    def bound_account_id(self) -> int | None:
        """Whose quota binds it besides, if an account's does."""
        return None if self.account_quota is None else self.account_id


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
    """What a node holds of one key's month after asking: all it was ever handed and kept, and what there is elsewhere."""

    of: MonthOf
    handed: int
    elsewhere: "Elsewhere"


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What there is of a key's month beyond what it holds on this node."""

    left: int
    """Units the store has left, for whoever asks first."""
    told: int
    """How many the key's owner is told of: those, and what others hold and have not spent."""
    has_more: bool
    """Whether more may come: the store has some left, or others may give some back."""


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
class Others:
    """Who else holds unspent units of what binds a key's month: other living nodes, and here the other keys of its account."""

    holders: int = 0
    units: dict[str, int] = field(default_factory=dict)
    """How many, by subject."""

    def hold(self, subjects: Collection[str], units: int) -> None:
        """Reckon with one more holder."""
        self.holders += 1
        for subject in subjects:
            self.units[subject] = self.units.get(subject, 0) + units


@dataclass(slots=True)
class HandedOut:
    """What a round of asks is decided by, read under lock.

    Counts by subject and month; the asking life's own blocks; and who else holds units, by key and month.
    """

    counts: dict[tuple[str, date], Count] = field(default_factory=dict)
    blocks: dict[tuple[int, date], Block] = field(default_factory=dict)
    others: dict[tuple[int, date], Others] = field(default_factory=dict)
