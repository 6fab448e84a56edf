"""The engine's book as a list of what was done to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Ledger:
    """Keeps `BookOfPrices`."""

    published: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    announced: dict[str, bool] = field(default_factory=dict)
    retired: list[str] = field(default_factory=list)
    offered: list[str] = field(default_factory=list)

    def publish(self, asset: str, price: str, quote: str, venue: str, source: str, **facts: Any) -> None:
        if len(asset) > 16:
            raise ValueError("asset")
        self.published.append((asset, price, {"quote": quote, "venue": venue, "source": source} | facts))

    def announce(self, asset: str, *, prewarmed: bool = True) -> None:
        self.announced[asset] = prewarmed

    def offer(self, assets: Sequence[str]) -> None:
        self.offered = list(assets)

    def retire(self, asset: str) -> bool:
        self.retired.append(asset)
        return True

    def prices(self, asset: str) -> list[str]:
        return [price for name, price, _ in self.published if name == asset]

    def told(self, asset: str) -> list[dict[str, Any]]:
        """Everything published of an asset, `price` among the facts."""
        return [facts | {"price": price} for name, price, facts in self.published if name == asset]

    def last(self, asset: str) -> dict[str, Any]:
        return self.told(asset)[-1]
