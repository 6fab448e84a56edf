"""What one venue says of its own list, gathered for an audit within its time."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from trinity_beast.feeds.auditing.layers import ListSeen
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.rest import Listings, LookFailed, Product, Products
from trinity_beast.words import Symbol, Venue


async def survey(
    venue: Venue, rows: Sequence[MappedAsset], listings: Listings, *, ends_ns: int, stepped: Callable[[], None]
) -> ListSeen:  # fmt: skip
    """Return a venue's list with its last prices, and the own pages of `rows` where it has such. `stepped` is called for each row."""
    try:
        products = await listings.products(venue, ends_ns=ends_ns)
    except LookFailed as failure:
        _step(stepped, rows)
        return ListSeen(None, str(failure))
    with contextlib.suppress(LookFailed):  # Without its prices a list is still a list; drift is then judged by others, or by a look.
        products = await listings.figures(venue, products, ends_ns=ends_ns)
    return await _with_pages(venue, rows, products, listings, ends_ns=ends_ns, stepped=stepped)


async def _with_pages(
    venue: Venue, rows: Sequence[MappedAsset], products: Products, listings: Listings, *, ends_ns: int, stepped: Callable[[], None]
) -> ListSeen:
    details: dict[Symbol, Product] = {}
    problems: dict[Symbol, str] = {}

    async def look(product: Product) -> None:
        try:
            details[product.symbol] = await listings.detailed(venue, product, ends_ns=ends_ns)
        except LookFailed as failure:
            problems[product.symbol] = str(failure)

    async def step(row: MappedAsset) -> None:
        product = products.get(row.symbol)
        if product is not None and product.is_alive is None:
            await look(product)
        stepped()

    await asyncio.gather(*(step(row) for row in rows))
    return ListSeen(products, details=details, details_problem=problems)


def _step(stepped: Callable[[], None], rows: Sequence[MappedAsset]) -> None:
    for _ in rows:
        stepped()
