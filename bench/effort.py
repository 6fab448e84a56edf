"""How much time a bench may take."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effort:
    """How many rounds, and how long each side of a round is measured."""

    rounds: int
    seconds: float
    connections_idle: int = 10_000
    outage_seconds: float = 30.0

    @classmethod
    def thorough(cls) -> "Effort":
        """What `make bench` takes: some minutes in all."""
        return cls(rounds=5, seconds=2.0)

    @classmethod
    def quick(cls) -> "Effort":
        """A look, to see that all of it works; its figures are rough."""
        return cls(rounds=3, seconds=1.0, connections_idle=2_000, outage_seconds=10.0)
