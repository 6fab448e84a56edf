"""The price side of a node: feeds, looks, liveness, prices, and what operators do with them."""

from dataclasses import dataclass

from trinity_beast.access.routes import Operated
from trinity_beast.compose.ground import Ground
from trinity_beast.engine import Book
from trinity_beast.exchanges import Exchanges
from trinity_beast.feeds import CHANNEL as FEED_CHANGES
from trinity_beast.feeds import AssetEditor, FeedChanges, FeedEditor, Feeds, FeedTables, HttpOpener, Looks, Trial
from trinity_beast.feeds.routes import asset_routes, feed_routes
from trinity_beast.parts import Part
from trinity_beast.pricing import CacheTier, Demand, Prices, Shelf, Watch, cache_tier_probe
from trinity_beast.storage import Notices
from trinity_beast.web import Router


@dataclass(frozen=True, slots=True)
class Market:
    """The price side, built; nothing runs yet."""

    looks: Looks
    prices: Prices
    feeds: Feeds
    watch: Watch
    demand: Demand
    tier: CacheTier | None
    """What is shared with the neighbours, where there is a cache to share it in."""

    async def follow(self, tables: FeedTables) -> None:
        """Put changed tables to use: prices first, so that no trade of a new symbol finds nobody waiting for it."""
        self.prices.use_map(tables.asset_map)
        self.looks.use(tables.rows)
        await self.feeds.apply(tables.rows, tables.asset_map)
        self.watch.use_map(tables.asset_map)


def market_of(on: Ground, exchanges: Exchanges, book: Book) -> Market:
    """Return the price side of these exchanges, publishing into `book`."""
    tables = exchanges.tables
    looks = Looks(tables.rows, opener=HttpOpener(), clock=on.clock, readings=on.readings)
    prices = Prices(
        book,
        tables.asset_map,
        clock=on.clock,
        readings=on.readings,
        source_prefix=exchanges.source_prefix,
        can_prove=looks.can_look,
    )
    feeds = Feeds(
        tables.rows,
        tables.asset_map,
        prices.on_trades,
        on_history=prices.on_history,
        clock=on.clock,
        dice=on.dice,
        readings=on.readings,
    )
    watch = Watch(prices, looks, tables.asset_map, asked_ns=feeds.asked_ns, renew=feeds.renew, clock=on.clock, readings=on.readings)
    tier = None
    if on.cache is not None:
        shelf = Shelf(on.cache, source_prefix=exchanges.source_prefix)
        tier = CacheTier(prices, shelf, node=on.settings.node, clock=on.clock, readings=on.readings)
        on.health.register("cache", cache_tier_probe(on.cache, tier), is_needed=False)
    demand = Demand(prices, looks, clock=on.clock, readings=on.readings, fetch_shared=None if tier is None else tier.fetch)
    return Market(looks, prices, feeds, watch, demand, tier)


def market_parts(on: Ground, exchanges: Exchanges, market: Market) -> list[Part]:
    """Return what runs, in the order it starts; changed rows are followed once everything is up."""
    notices = Notices(on.database.url, FEED_CHANGES, on.clock)
    changes = FeedChanges(exchanges.read, notices, market.follow, on.clock, known=exchanges.tables)
    shared = [] if market.tier is None else [market.tier]
    return [market.looks, *shared, market.feeds, market.watch, market.demand, changes]


def market_routes(on: Ground, exchanges: Exchanges, market: Market, operator: Operated) -> list[Router]:
    """Return what operators do with feeds and assets."""
    trial = Trial(market.feeds, exchanges.readdressed, clock=on.clock, dice=on.dice, readings=on.readings)
    return [
        feed_routes(FeedEditor(on.database, trial, market.feeds.status), operator=operator, clock=on.clock),
        asset_routes(AssetEditor(on.database), operator=operator),
    ]
