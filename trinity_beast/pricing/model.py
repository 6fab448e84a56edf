"""The nouns of pricing."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from trinity_beast.words import Asset, Venue

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Price:
    """What we answer for an asset at one moment. `price` is the venue's own digits, `age_ns` the age at that moment."""

    asset: Asset
    price: str
    quote: str
    venue: Venue
    source: str
    cache_tier: str
    state: str
    exchange_time_ns: int
    received_time_ns: int
    age_ns: int

    def as_json(self) -> dict[str, object]:
        """Return the `data` of one price, as the contract has it: times in UTC to the microsecond.

        The age is in whole milliseconds, rounded up: a price is never older than it says.
        """
        return {
            "asset": self.asset,
            "price": self.price,
            "quote": self.quote,
            "venue": self.venue,
            "source": self.source,
            "cache_tier": self.cache_tier,
            "state": self.state,
            "exchange_time": _rfc3339(self.exchange_time_ns),
            "received_time": _rfc3339(self.received_time_ns),
            "age_ms": whole_ms(self.age_ns),
        }


@dataclass(frozen=True, slots=True)
class Missing:
    """An asset of a list that has no price to give, and why."""

    asset: str
    code: str
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class PriceList:
    """Many prices: one bad asset never fails the rest."""

    prices: tuple[Price, ...]
    missing: tuple[Missing, ...]


def _rfc3339(time_ns: int) -> str:
    moment = _EPOCH + timedelta(microseconds=time_ns // 1_000)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def whole_ms(age_ns: int) -> int:
    """Return an age in whole milliseconds, rounded up as the engine rounds it."""
    return -(-age_ns // 1_000_000)
