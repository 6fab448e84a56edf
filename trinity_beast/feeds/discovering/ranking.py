"""Which markets of a venue nobody has mapped, the most traded first. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from trinity_beast.feeds.auditing.names import also_called
from trinity_beast.feeds.auditing.proposals import DOLLARS
from trinity_beast.feeds.discovering.model import Candidate
from trinity_beast.feeds.editing.mapping import may_be_mapped
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.rest import Product, Products
from trinity_beast.words import Asset, Venue

QUOTES = (*DOLLARS, "EUR", "GBP", "BTC", "ETH")
"""What coins are priced in, the likelier first: by these a bare symbol such as `btcusd` is told apart, and equals are put in order."""


@dataclass(frozen=True, slots=True)
class Market:
    """A market that is alive and no other's alias, by our names for what it prices."""

    asset: Asset
    quote: str
    product: Product


def markets_of(products: Products) -> list[Market]:
    """Return a venue's living markets whose coins can be named in the map."""
    found = []
    for product in products:
        if product.is_alive is False or (product.alias and product.alias != product.symbol):
            continue
        base, quote = (product.base.upper(), product.quote.upper()) if product.base else split(product.symbol.upper())
        if may_be_mapped(asset=base, symbol=product.symbol, quote=quote):
            found.append(Market(Asset(base), quote, product))
    return found


def split(symbol: str) -> tuple[str, str]:
    """Return base and quote of a symbol without anything between them; no base where it ends in no quote we know."""
    fitting = [quote for quote in QUOTES if symbol.endswith(quote) and symbol != quote]
    quote = max(fitting, key=len, default="")
    return (symbol.removesuffix(quote), quote) if quote else ("", "")


def uncovered(markets: Sequence[Market], venue: Venue, asset_map: Iterable[MappedAsset]) -> list[Market]:
    """Return the markets of coins that the map does not have at the venue, switched off or on, by this name or a former one."""
    here = [row for row in asset_map if row.venue == venue]
    symbols = {row.symbol for row in here}
    bases = {name for row in here for name in also_called(row.asset)}
    bases |= {name for market in markets if market.product.symbol in symbols for name in also_called(market.asset)}
    return [market for market in markets if market.product.symbol not in symbols and market.asset not in bases]


def in_dollars(markets: Sequence[Market]) -> Mapping[str, Decimal]:
    """Return what each currency is worth in dollars, by the venue's own prices. A coin of a dollar that it does not price is one."""
    worth = dict.fromkeys(DOLLARS, Decimal(1))
    for market in sorted(markets, key=lambda market: _place(market.quote), reverse=True):
        if market.quote in DOLLARS and market.asset != "USD" and market.product.price is not None:
            worth[market.asset] = Decimal(market.product.price)
    return worth


def ranked(markets: Sequence[Market], worth: Mapping[str, Decimal], asset_map: Iterable[MappedAsset]) -> list[Candidate]:
    """Return each coin once, by its most traded market, the most traded first; those whose volume is not told come last."""
    rows = list(asset_map)
    of_asset: dict[Asset, list[Candidate]] = {}
    for market in markets:
        of_asset.setdefault(market.asset, []).append(_candidate(market, worth))
    best = [replace(min(found, key=_order), markets=len(found)) for found in of_asset.values()]
    placed = [replace(one, elsewhere=_elsewhere(one.asset, rows)) for one in best]
    return sorted(placed, key=_order)


def _candidate(market: Market, worth: Mapping[str, Decimal]) -> Candidate:
    product = market.product
    currency = product.volume_currency or market.quote
    rate = worth.get(currency)
    dollars = product.volume * rate if product.volume is not None and rate is not None else None
    return Candidate(market.asset, product.symbol, market.quote, product.volume, currency, dollars, product.price, 1, ())


def _order(one: Candidate) -> tuple[bool, Decimal, bool, int, str, str]:
    """Return where a candidate stands: by dollars traded, then what could be told but not converted, then the likelier quote."""
    return (
        one.volume_dollars is None,
        -(one.volume_dollars or Decimal(0)),
        one.volume is None,
        _place(one.quote),
        one.asset,
        one.symbol,
    )


def _place(quote: str) -> int:
    return QUOTES.index(quote) if quote in QUOTES else len(QUOTES)


def _elsewhere(asset: Asset, rows: Iterable[MappedAsset]) -> tuple[Venue, ...]:
    names = also_called(asset)
    return tuple(sorted({row.venue for row in rows if row.asset in names}))
