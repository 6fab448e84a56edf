"""What one key is kept to below its tier: lower limits, some uses, some networks, some pages."""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trinity_beast.errors import Mistake

LIST_MAX = 50
ORIGIN_CHARACTERS_MAX = 300
# As a browser writes it: scheme, host, port, and nothing after. One star may stand for every host below a name.
ORIGIN = re.compile(r"https?://(\*\.)?([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])(:[0-9]{1,5})?", re.ASCII)


class Scope(StrEnum):
    """What a key may be used for."""

    PRICES = "prices"
    HISTORY = "history"
    STREAMS = "streams"
    REPORTS = "reports"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True, slots=True)
class Restrictions:
    """What a key is kept to. None, or an empty list, keeps it to no less than its tier does."""

    rate_per_second: Decimal | None = None
    burst: int | None = None
    monthly_quota: int | None = None
    scopes: frozenset[Scope] | None = None
    networks: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    @property
    def has_limits(self) -> bool:
        """Whether the key has limits of its own."""
        return not (self.rate_per_second is None and self.burst is None and self.monthly_quota is None)

    def allows(self, scope: Scope) -> bool:
        """Whether the key may be used for this."""
        return self.scopes is None or scope in self.scopes


NO_RESTRICTIONS = Restrictions()


@dataclass(frozen=True, slots=True)
class TierLimits:
    """The limits of a key's tier; a key's own lie below them. None of a quota is no bound."""

    rate_per_second: Decimal
    burst: int
    monthly_quota: int | None


def tidied(restrictions: Restrictions) -> Restrictions:
    """Return restrictions with every network and origin written the one way they are kept and compared."""
    networks = [_network(text) or text for text in restrictions.networks]
    origins = [text.strip().lower().rstrip("/") for text in restrictions.origins]
    return Restrictions(
        restrictions.rate_per_second,
        restrictions.burst,
        restrictions.monthly_quota,
        restrictions.scopes,
        tuple(dict.fromkeys(networks)),
        tuple(dict.fromkeys(origins)),
    )


def restriction_mistakes(restrictions: Restrictions, tier: TierLimits) -> list[Mistake]:
    """Return what is wrong with restrictions, tidied before, of a key in a tier."""
    return [*_limit_mistakes(restrictions, tier), *_list_mistakes(restrictions), *_scope_mistakes(restrictions)]


def _limit_mistakes(given: Restrictions, tier: TierLimits) -> Iterable[Mistake]:
    limits: Sequence[tuple[str, Decimal | int | None, Decimal | int, Decimal | int | None]] = [
        ("rate_per_second", given.rate_per_second, Decimal("0.001"), tier.rate_per_second),
        ("burst", given.burst, 1, tier.burst),
        ("monthly_quota", given.monthly_quota, 0, tier.monthly_quota),
    ]
    for name, value, least, most in limits:
        if value is not None and (value < least or (most is not None and value > most)):
            bound = f"from {least} to the tier's {most}" if most is not None else f"{least} or more"
            yield Mistake(name, f"{name} is {value}", f"Say {bound}, or leave it out for the tier's own.")


def _list_mistakes(given: Restrictions) -> Iterable[Mistake]:
    for name, texts in (("networks", given.networks), ("origins", given.origins)):
        if len(texts) > LIST_MAX:
            yield Mistake(name, f"{len(texts)} {name}", f"Name {LIST_MAX} at most.")
    for text in given.networks:
        if _network(text) is None:
            yield Mistake("networks", f"{text!r} is no network", "Say an address or a network, such as 192.0.2.0/24 or 2001:db8::/32.")
    for text in given.origins:
        if not ORIGIN.fullmatch(text) or len(text) > ORIGIN_CHARACTERS_MAX:
            yield Mistake("origins", f"{text!r} is no origin", "Say scheme and host: https://example.org, or https://*.example.org.")


def _scope_mistakes(given: Restrictions) -> Iterable[Mistake]:
    if given.scopes is not None and not given.scopes:
        yield Mistake("scopes", "no scope is left", f"Name some of {', '.join(Scope)}; to end a key, revoke it.")


def _network(text: str) -> str | None:
    try:
        network = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return None
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)
