"""The engine's book, as far as pricing needs it."""

from collections.abc import Sequence
from typing import Protocol


class BookOfPrices(Protocol):
    """Where prices are published for the engine to answer with. `engine.Book` is one."""

    def publish(
        self,
        asset: str,
        price: str,
        quote: str,
        venue: str,
        source: str,
        *,
        exchange_time_ns: int,
        received_monotonic_ns: int,
        usable_for_ns: int,
        state: str = "live",
        cache_tier: str = "memory",
        prewarmed: bool = True,
    ) -> None:
        """Make `price` the answer for `asset` from the next request on.

        Raises:
            ValueError: a value is outside its bounds.
        """
        ...

    def announce(self, asset: str, *, prewarmed: bool = True) -> None:
        """Make `asset` known without a price."""
        ...

    def offer(self, assets: Sequence[str]) -> None:
        """Say which assets can be fetched on demand; this replaces what was said before."""
        ...

    def retire(self, asset: str) -> bool:
        """Forget `asset`; whether it was known."""
        ...
