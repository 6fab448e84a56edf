"""Gathers what a node knows of those who should not come in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from trinity_beast.access import Block, Blocklist, Guesses, KeyCensus, Keys, Leak, Leaks, Operators
from trinity_beast.clock import Clock
from trinity_beast.ops.doctor import Diagnosis
from trinity_beast.storage import DependencyAway

ADDRESSES_MAX, BLOCKS_MAX, LEAKS_MAX = 50, 50, 20
REFUSED = (
    "keys_refused",
    "rate_limited",
    "quota_refused",
    "blocked_refused",
    "requests_malformed",
    "headers_too_large",
    "slow_readers_cut",
    "connections_refused",
    "datagrams_malformed",
    "datagrams_too_small",
    "handed_refused",
)
"""What is counted of those who were turned away, as far as it is counted here."""

WrongKeys = tuple[str, str, int, float]
"""A network, `http` or `udp`, how many wrong keys, and for how many seconds its unknown keys are not looked up."""


@dataclass(frozen=True, slots=True)
class KnownOfIntruders:
    """What a node knows without asking anybody."""

    wrong_keys: Callable[[int], Sequence[WrongKeys]]
    """The addresses that were wrong about keys lately, at most so many, the worst first."""
    counted: Callable[[], Mapping[str, int]]
    secrets: Callable[[], Mapping[str, datetime | None]]
    """Since when each secret of the node is what it is; None where it is given from outside."""
    certificates: Callable[[], Sequence[Diagnosis]]


@dataclass(frozen=True, slots=True)
class Stored:
    """What only the database can tell."""

    blocks: Sequence[Block]
    leaks: Sequence[Leak]
    keys: KeyCensus


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything at one moment. `stored` is None while the database is away."""

    at: datetime
    wrong_keys: Sequence[WrongKeys]
    guesses: Sequence[Guesses]
    admin_turned_away: Mapping[str, int]
    refused: Mapping[str, int]
    secrets: Mapping[str, datetime | None]
    certificates: Sequence[Diagnosis]
    stored: Stored | None


class Security:
    """Looks at who is turned away. It changes nothing."""

    def __init__(
        self, known: KnownOfIntruders, operators: Operators, blocklist: Blocklist, leaks: Leaks, *, keys: Keys, clock: Clock
    ) -> None:
        self._known, self._operators, self._clock = known, operators, clock
        self._blocklist, self._leaks, self._keys = blocklist, leaks, keys

    async def look(self) -> Standing:
        """Return how it stands."""
        known, counted = self._known, self._known.counted()
        return Standing(
            at=self._clock.now(),
            wrong_keys=known.wrong_keys(ADDRESSES_MAX),
            guesses=self._operators.guesses()[:ADDRESSES_MAX],
            admin_turned_away=self._operators.turned_away,
            refused={name: counted[name] for name in REFUSED if name in counted},
            secrets=known.secrets(),
            certificates=known.certificates(),
            stored=await self._stored(),
        )

    async def _stored(self) -> Stored | None:
        try:
            blocks = await self._blocklist.listing(limit=BLOCKS_MAX)
            return Stored(blocks.blocks, await self._leaks.listing(limit=LEAKS_MAX), await self._keys.census())
        except DependencyAway:
            return None  # Whoever guesses at keys while the database is away is told of all the same.
