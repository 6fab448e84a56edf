"""How much to shed, whom first, and how many connections are a node's."""

from dataclasses import dataclass

LEVEL_MOST = 4.0
LEVEL_UP = 0.25
LEVEL_DOWN = 0.02
"""A level rises within a second and falls within ten: those who were shed all return at once when it falls too fast."""

ANSWERS_LEAST = 20
"""Fewer answers than this in a second say nothing."""

RANK_NEVER = 4
_RANKS = {"demo": 0, "free": 1, "pro": 2, "enterprise": 3, "unlimited": 3, "lifetime": 3, "partner": RANK_NEVER, "internal": RANK_NEVER}
_RANK_OF_OTHERS = 2


@dataclass(frozen=True, slots=True)
class Answers:
    """How many answers there were in a while, and how many of them came late or never."""

    total: int = 0
    late: int = 0

    def __add__(self, other: "Answers") -> "Answers":
        return Answers(self.total + other.total, self.late + other.late)

    @property
    def success(self) -> float:
        """The part that came in time; all of it where there were too few to tell."""
        return 1.0 if self.total < ANSWERS_LEAST else 1.0 - self.late / self.total


def rank_of(tier: str) -> int:
    """Return how late callers of a tier are shed: 0 first, 4 never. A tier of the operator's own is a paid one."""
    return _RANKS.get(tier, _RANK_OF_OTHERS)


def next_level(level: float, *, own: Answers, cluster: Answers, threshold: float) -> float:
    """Return up to which rank to shed from now on, given how the last second's answers came.

    Where the cluster as a whole is late every node sheds the cheapest, also one that keeps up itself: its callers may be
    sent to one that does not.
    """
    floor = 1.0 if cluster.success < threshold else 0.0
    if own.success < threshold:
        return min(LEVEL_MOST, max(floor, level + LEVEL_UP))
    # Between the threshold and a comfortable margin above it nothing is changed.
    if own.success >= threshold + (1.0 - threshold) / 2:
        return max(floor, round(level - LEVEL_DOWN, 6))
    return max(floor, level)


def connections_of_node(ceiling: int, *, nodes: int, others: int | None) -> int:
    """Return how many open connections are a node's: what the others leave of the ceiling, and its fair part at least.

    `others` is None while nobody can tell; then it is the fair part.
    """
    fair = max(1, ceiling // max(1, nodes))
    return fair if others is None else max(fair, ceiling - others)
