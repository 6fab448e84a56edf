"""What to map in place of a row that has no market any more. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from trinity_beast.feeds.auditing.layers import ListSeen
from trinity_beast.feeds.auditing.model import Finding, Layer, Outcome, Proposal, ProposalKind
from trinity_beast.feeds.auditing.names import also_called
from trinity_beast.feeds.editing.mapping import may_be_mapped
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.rest import Product
from trinity_beast.words import Venue

DOLLARS = ("USD", "USDT", "USDC")
SAME_COIN_FACTOR = 2
"""How many times dearer a market may be than the price we know and still be taken for the same coin: names are given twice."""
HELPLESS = {
    "drifts_from_rest": "the market is there; what its feed row reads, or in which unit, is to be looked at",
    "drifts_from_venues": "the market is there; whether it is the same coin, and priced in what the map says, is to be looked at",
    "muted": "the market is there; it is subscribed anew by itself, and answered by REST meanwhile",
    "lent": "the market is there; this node's feed of it is to be looked at",
    "silent": "the market is there; its feed is to be looked at",
    "refused": "the market is not known to be gone; it is asked for again by itself",
    "unanswered": "the market is there; it is asked for again by itself",
    "feed_off": "the market is there; its exchange is switched off",
    "feed_away": "the exchange is away, not the asset",
    "no_answer": "nothing is wrong with the row; whoever should answer is told in the other layers",
}


def proposal_of(
    row: MappedAsset,
    findings: Sequence[Finding],
    lists: Mapping[Venue, ListSeen],
    asset_map: Iterable[MappedAsset],
    *,
    known_price: str | None,
) -> Proposal | None:
    """Return what to do about a row, None where nothing failed.

    Only where its market is gone is another proposed: the same coin at the same venue first, then at another. `known_price`
    guards against another coin of the same name.
    """
    failed = [finding for finding in findings if finding.outcome is Outcome.FAILED]
    if not failed:
        return None
    gone = next((finding for finding in failed if finding.layer is Layer.LISTED), None)
    if gone is None:
        return Proposal(ProposalKind.NONE, HELPLESS.get(failed[0].reason, "nothing else is known to help"))
    return (
        _renamed(row, gone, lists.get(row.venue))
        or _found_here(row, lists.get(row.venue), known_price)
        or _found_elsewhere(row, lists, asset_map, known_price)
        or Proposal(ProposalKind.NONE, _why_nothing(row, lists))
    )


def _renamed(row: MappedAsset, gone: Finding, seen: ListSeen | None) -> Proposal | None:
    """Return the name the venue itself gives the market now."""
    name = gone.evidence.get("alias") or gone.evidence.get("symbol")
    product = seen.product(name) if seen is not None and name else None
    if product is None or product.is_alive is False:
        return None
    quote = product.quote.upper() or row.quote
    if not may_be_mapped(asset=row.asset, symbol=product.symbol, quote=quote):
        return None
    return Proposal(ProposalKind.RENAME, gone.told, row.venue, product.symbol, quote)


def _found_here(row: MappedAsset, seen: ListSeen | None, known_price: str | None) -> Proposal | None:
    product = _best(row, seen, known_price)
    if product is None:
        return None
    quote = quote_of(product, row) or row.quote
    if quote == row.quote:
        return Proposal(ProposalKind.RENAME, f"{row.venue} trades {row.asset} as {product.symbol}", row.venue, product.symbol, quote)
    why = f"{row.venue} trades {row.asset} in {quote}, not in {row.quote}"
    return Proposal(ProposalKind.REQUOTE, why, row.venue, product.symbol, quote)


def _found_elsewhere(
    row: MappedAsset, lists: Mapping[Venue, ListSeen], asset_map: Iterable[MappedAsset], known_price: str | None
) -> Proposal | None:
    for mapped in asset_map:
        is_another = mapped.asset == row.asset and mapped.venue != row.venue and mapped.enabled and mapped.venue in lists
        product = lists[mapped.venue].product(mapped.symbol) if is_another else None
        if product is not None and product.is_alive is not False and not product.alias and _is_same_coin(product, known_price):
            why = f"{mapped.venue} trades it as {mapped.symbol}, and it is mapped there already"
            return Proposal(ProposalKind.MOVE, why, mapped.venue, mapped.symbol, mapped.quote)
    found = ((venue, _best(row, seen, known_price)) for venue, seen in lists.items() if venue != row.venue)
    best = min(((venue, product) for venue, product in found if product is not None), key=lambda one: _rank(row, one[1]), default=None)
    if best is None:
        return None
    venue, product = best
    return Proposal(ProposalKind.MOVE, f"{venue} trades it as {product.symbol}", venue, product.symbol, quote_of(product, row) or row.quote)


def _best(row: MappedAsset, seen: ListSeen | None, known_price: str | None) -> Product | None:
    """Return the market of a venue that stands in best for a row: in its own quote, else in dollars of any kind; else none."""
    if seen is None or seen.products is None:
        return None
    names = also_called(row.asset)
    of_coin = [product for name in names for product in seen.products.of_base(name)]
    bare = (seen.products.called(f"{name}{quote}") for name in names for quote in (row.quote, *DOLLARS))
    of_coin += [product for product in bare if product is not None and not product.base]
    fit = [product for product in of_coin if product.symbol != row.symbol and _fits(row, product, known_price)]
    return min(fit, key=lambda product: _rank(row, product), default=None)


def _fits(row: MappedAsset, product: Product, known_price: str | None) -> bool:
    if product.is_alive is False or product.alias:
        return False
    quote = quote_of(product, row)
    is_fit = quote in {row.quote, *DOLLARS} and may_be_mapped(asset=row.asset, symbol=product.symbol, quote=quote)
    return is_fit and _is_same_coin(product, known_price)


def quote_of(product: Product, row: MappedAsset) -> str:
    """Return what a market prices a row's asset in; nothing where it is another asset's.

    Some lists hold bare symbols: there base and quote run together.
    """
    if product.base:
        return product.quote.upper() if product.base.upper() in also_called(row.asset) else ""
    symbol = product.symbol.upper()
    return next((quote for quote in (row.quote, *DOLLARS) for name in also_called(row.asset) if symbol == f"{name}{quote}"), "")


def _is_same_coin(product: Product, known_price: str | None) -> bool:
    if known_price is None or product.price is None:
        return True
    low, high = sorted((Decimal(known_price), Decimal(product.price)))
    return high <= low * SAME_COIN_FACTOR


def _rank(row: MappedAsset, product: Product) -> tuple[int, int, str]:
    quote = quote_of(product, row)
    in_quote = 0 if quote == row.quote else 1 + DOLLARS.index(quote)
    base = product.base.upper() or row.asset
    return in_quote, also_called(row.asset).index(base), product.symbol


def _why_nothing(row: MappedAsset, lists: Mapping[Venue, ListSeen]) -> str:
    unread = sorted(venue for venue, seen in lists.items() if seen.products is None)
    told = f"no exchange whose list could be read trades {row.asset} in {row.quote} or dollars"
    return f"{told}; not read: {', '.join(unread)}" if unread else told
