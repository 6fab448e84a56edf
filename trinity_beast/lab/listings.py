"""From coins to a venue's list: how a venue spells symbols, on which grids its prices stand, in what it prices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from trinity_beast.lab.coins import coin
from trinity_beast.lab.model import MS_NS, Listing
from trinity_beast.words import Asset, Symbol, Venue

SIGNIFICANT_DIGITS = 6
DECIMALS_MOST = 12
TWIN_SHARE = 0.3
"""A coin that a venue prices in a second currency trades there that much as often."""


@dataclass(frozen=True)
class Spelling:
    """How one venue writes its symbols and numbers.

    `quotes` are what it prices coins in, the first being where most trades are; `only` names coins that have fewer.
    `names` are coins it calls otherwise than we do; `dead` are bases it still lists, without trades, each with its last price.
    """

    quotes: tuple[str, ...]
    between: str = ""
    is_lower: bool = False
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    dead: tuple[tuple[str, str], ...] = ()
    pads_digits: bool = False
    price_digits: int = 0
    size_digits: int | None = None
    time_step_ns: int = MS_NS

    def symbol(self, base: str, quote: str) -> Symbol:
        """Return the symbol of a coin, by our name for it, priced in `quote`."""
        text = f"{self.names.get(base, base)}{self.between}{quote}"
        return Symbol(text.lower() if self.is_lower else text)

    def parts(self, symbol: str) -> tuple[str, str]:
        """Return a symbol's base and quote as the venue calls them, in upper case. The quote is the longest known one that fits."""
        text = symbol.upper()
        if self.between:
            base, _, quote = text.rpartition(self.between)
            return base, quote
        quotes = sorted((*self.quotes, "USDT", "USDC", "USD", "EUR", "GBP", "BTC", "ETH"), key=len, reverse=True)
        quote = next((quote for quote in quotes if text.endswith(quote) and text != quote), "")
        return text.removesuffix(quote), quote

    def listings(self, venue: Venue, assets: Sequence[Asset]) -> list[Listing]:
        """Return the venue's list: `assets` in each quote, and the dead."""
        quotes_of = ((asset, [quote for quote in self.only.get(asset, self.quotes) if quote != asset]) for asset in assets)
        alive = [self._alive(venue, asset, quote, TWIN_SHARE if twin else 1.0) for asset, of in quotes_of for twin, quote in enumerate(of)]
        known = {listing.symbol for listing in alive}
        dead = [self._dead(venue, base, price) for base, price in self.dead]
        return alive + [listing for listing in dead if listing.symbol not in known]

    def _alive(self, venue: Venue, asset: Asset, quote: str, share: float) -> Listing:
        of = coin(asset)
        return self._made(venue, asset, quote, price=of.start_price, rate=of.trades_per_second * share)

    def _dead(self, venue: Venue, base: str, price: str) -> Listing:
        return self._made(venue, Asset(base), self.quotes[0], price=price, rate=0.0)

    def _made(self, venue: Venue, asset: Asset, quote: str, *, price: str, rate: float) -> Listing:
        price_decimals, size_decimals = grids(price)
        return Listing(
            venue, self.symbol(asset, quote), asset, quote, coin(asset).name, price, price_decimals,
            size_decimals if self.size_digits is None else self.size_digits, rate, self.pads_digits,
            is_delisted=not rate, price_digits=self.price_digits, time_step_ns=self.time_step_ns,
        )  # fmt: skip

    def recorded(self, venue: Venue, symbol: Symbol, price: str, price_decimals: int, size_decimals: int) -> Listing:
        """Return the listing of a recorded symbol."""
        base, quote = self.parts(symbol)
        own = {theirs: ours for ours, theirs in self.names.items()}
        asset = Asset(own.get(base, base))
        return Listing(venue, symbol, asset, quote, coin(asset).name, price, price_decimals, size_decimals, 0.0, self.pads_digits)


def grids(price: str) -> tuple[int, int]:
    """Return the decimals of price and size for a coin of about this price: six digits that mean something, sizes worth a cent."""
    whole, _, fraction = price.partition(".")
    places = len(whole) if whole.strip("0") else len(fraction.lstrip("0")) - len(fraction)
    return min(max(SIGNIFICANT_DIGITS - places, 1), DECIMALS_MOST), min(max(places + 3, 0), 8)
