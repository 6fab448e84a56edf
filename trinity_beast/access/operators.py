"""Operators at the gate: one admin key, and a bound on how often an address may guess at it."""

import ipaddress
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trinity_beast.access.errors import AdminKeyMissing, AdminKeyWrong, AdminTriesSpent
from trinity_beast.access.first_keys import AdminKey
from trinity_beast.access.parameters import ADMIN_TRIES_MAX, ADMIN_TRIES_WINDOW_SECONDS
from trinity_beast.clock import Clock
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings

SECOND_NS = 1_000_000_000
ADDRESSES_MAX = 1_024
"""How many addresses' tries are remembered; past that the one longest ago is forgotten, so that a crowd costs no memory."""
NAME_CHARACTERS_MAX = 64
_log = get_log("access")


@dataclass(frozen=True, slots=True)
class Operator:
    """Who was let in: the name they gave themselves, and where they asked from.

    The admin key is one for all, so the name says who it was among those who hold it, and proves nothing to others.
    """

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} ({self.address})" if self.address else self.name


@dataclass(frozen=True, slots=True)
class Guesses:
    """Who sent wrong admin keys within the window: from where, how many, for how long, and whether none is looked at any more."""

    network: str
    wrong: int
    since_seconds: float
    is_shut_out: bool


@dataclass(slots=True)
class _Tries:
    since_ns: int
    wrong: int = 0


class Operators:
    """Lets operators in by the admin key. The key, right or wrong, is in no log and no refusal."""

    def __init__(
        self, key: AdminKey, clock: Clock, *, count: Callable[[str, int], None] | None = None, readings: Readings | None = None
    ) -> None:
        """Let in by `key`. `count` counts, as `keys_refused`, whoever is turned away."""
        self._key, self._clock, self._count = key, clock, count
        readings = readings or Readings()
        self._tries_max, self._window = readings.of(ADMIN_TRIES_MAX), readings.of(ADMIN_TRIES_WINDOW_SECONDS)
        self._tries: OrderedDict[str, _Tries] = OrderedDict()
        self._turned_away = dict.fromkeys(("missing", "wrong", "shut_out"), 0)

    @property
    def turned_away(self) -> Mapping[str, int]:
        """Return how many calls were refused since the start: without a key, with a wrong one, from where too many wrong ones came."""
        return dict(self._turned_away)

    def guesses(self) -> list[Guesses]:
        """Return who sent wrong keys lately, the worst first."""
        now_ns = self._clock.monotonic_ns()
        lately = {network: tries for network, tries in self._tries.items() if now_ns - tries.since_ns < self._window_ns and tries.wrong}
        found = [
            Guesses(network, tries.wrong, (now_ns - tries.since_ns) / SECOND_NS, tries.wrong >= self._tries_max.value)
            for network, tries in lately.items()
        ]
        return sorted(found, key=lambda one: (-one.wrong, one.network))

    def admit(self, secret: str | None, *, address: str, name: str = "") -> Operator:
        """Let the caller in.

        Raises:
            AdminKeyMissing: there is no key.
            AdminKeyWrong: it is not the admin key; counted against the address.
            AdminTriesSpent: the address has sent too many wrong ones, so none of its keys is looked at.
        """
        tries = self._tries_of(_network(address))
        if tries.wrong >= self._tries_max.value:
            self._refused("shut_out")
            left_ns = tries.since_ns + self._window_ns - self._clock.monotonic_ns()
            raise AdminTriesSpent(retry_after_seconds=max(1, -(-left_ns // SECOND_NS)))
        if not secret:
            self._refused("missing")
            raise AdminKeyMissing
        if not self._key.matches(secret):
            tries.wrong += 1
            self._tries[_network(address)] = tries
            self._refused("wrong")
            _log.warning("admin key refused", address=address, tries=tries.wrong)
            raise AdminKeyWrong
        return Operator(_printable(name) or "operator", address)

    @property
    def _window_ns(self) -> int:
        return round(self._window.value * SECOND_NS)

    def _tries_of(self, network: str) -> _Tries:
        now_ns = self._clock.monotonic_ns()
        tries = self._tries.pop(network, None)
        if tries is None or now_ns - tries.since_ns >= self._window_ns:
            return _Tries(now_ns)
        self._tries[network] = tries
        return tries

    def _refused(self, how: str) -> None:
        self._turned_away[how] += 1
        while len(self._tries) > ADDRESSES_MAX:
            self._tries.popitem(last=False)
        if self._count is not None:
            self._count("keys_refused", 1)


def _network(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, or the /64 an IPv6 host may choose its addresses from."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(found) if found.version == 4 else str(ipaddress.ip_network((found, 64), strict=False))


def _printable(name: str) -> str:
    return "".join(character for character in name if character.isprintable()).strip()[:NAME_CHARACTERS_MAX]
