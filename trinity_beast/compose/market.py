"""The price side of a node: feeds, looks, liveness, prices, and what operators do with them."""

from dataclasses import dataclass
from functools import partial

from trinity_beast.access.routes import Operated
from trinity_beast.compose.ground import Ground
from trinity_beast.engine import Engine, Reading
from trinity_beast.exchanges import Exchanges
from trinity_beast.feeds import CHANNEL as FEED_CHANGES
from trinity_beast.feeds import (
    AssetEditor,
    Auditor,
    Audits,
    Discovery,
    FeedChanges,
    FeedEditor,
    Feeds,
    FeedTables,
    HttpOpener,
    Listings,
    Looks,
    RestTrial,
    Syncer,
    Trial,
    feed_samples,
)
from trinity_beast.feeds.auditing.routes import audit_routes
from trinity_beast.feeds.discovering.routes import discovery_routes
from trinity_beast.feeds.routes import asset_routes, feed_routes
from trinity_beast.parts import Part
from trinity_beast.pricing import CacheTier, Catching, Demand, Errands, Prices, Shelf, Smoke, Tallies, Watch, cache_tier_probe
from trinity_beast.pricing.board.routes import board_routes
from trinity_beast.storage import Notices
from trinity_beast.telemetry import Samples
from trinity_beast.web import Router


@dataclass(frozen=True, slots=True)
class Market:
    """The price side, built; nothing runs yet."""

    looks: Looks
    prices: Prices
    feeds: Feeds
    watch: Watch
    demand: Demand
    catching: Catching
    errands: Errands
    tallies: Tallies
    listings: Listings
    audits: Audits
    tier: CacheTier | None
    """What is shared with the neighbours, where there is a cache to share it in."""

    async def follow(self, tables: FeedTables) -> None:
        """Put changed tables to use: prices first, so that no trade of a new symbol finds nobody waiting for it."""
        self.prices.use_map(tables.asset_map)
        self.looks.use(tables.rows)
        await self.feeds.apply(tables.rows, tables.asset_map)
        self.watch.use_map(tables.asset_map)


def market_of(on: Ground, exchanges: Exchanges, engine: Engine) -> Market:
    """Return the price side of these exchanges, publishing into the engine's book; its intake takes what is ordinary."""
    tables = exchanges.tables
    looks = Looks(tables.rows, opener=HttpOpener(), clock=on.clock, readings=on.readings)
    prices = Prices(
        engine.book,
        tables.asset_map,
        clock=on.clock,
        readings=on.readings,
        source_prefix=exchanges.source_prefix,
        can_prove=looks.can_look,
        slots=engine.intake,
    )
    feeds = Feeds(
        tables.rows,
        tables.asset_map,
        prices.on_trades,
        on_history=prices.on_history,
        clock=on.clock,
        dice=on.dice,
        readings=on.readings,
        intake=engine.intake,
    )
    watch = Watch(
        prices,
        looks,
        tables.asset_map,
        asked_ns=feeds.asked_ns,
        renew=feeds.renew,
        said_of=feeds.said_of,
        clock=on.clock,
        readings=on.readings,
    )
    feeds.report_words(watch.stir)
    tier = None
    if on.cache is not None:
        shelf = Shelf(on.cache, source_prefix=exchanges.source_prefix)
        tier = CacheTier(prices, shelf, node=on.settings.node, clock=on.clock, readings=on.readings)
        on.health.register("cache", cache_tier_probe(on.cache, tier), is_needed=False)
    demand = Demand(prices, looks, clock=on.clock, readings=on.readings, fetch_shared=None if tier is None else tier.fetch)
    errands = Errands(engine.wanted, demand)
    listings = Listings(looks, on.clock, on.readings)
    auditor = Auditor(feeds, listings, looks, Smoke(prices, engine.book, looks, on.readings), clock=on.clock, readings=on.readings)
    audits = Audits(on.database, auditor, node=on.settings.node, clock=on.clock, readings=on.readings)
    tallies = Tallies(prices, watch, demand, errands)
    return Market(looks, prices, feeds, watch, demand, Catching(prices, on.clock), errands, tallies, listings, audits, tier)


def market_parts(on: Ground, exchanges: Exchanges, market: Market) -> list[Part]:
    """Return what runs, in the order it starts; changed rows are followed once everything is up."""
    notices = Notices(on.database.url, FEED_CHANGES, on.clock)
    changes = FeedChanges(exchanges.read, notices, market.follow, on.clock, known=exchanges.tables, readings=on.readings)
    shared = [] if market.tier is None else [market.tier]
    running: list[Part] = [market.feeds, market.watch, market.demand, market.catching, market.errands]
    return [market.looks, *shared, *running, changes, market.audits]


def market_samples(market: Market) -> list[Samples]:
    """Return what the price side tells whoever collects metrics."""
    return [partial(feed_samples, market.feeds, market.looks), market.tallies.samples]


def market_routes(on: Ground, exchanges: Exchanges, market: Market, engine: Engine, operator: Operated) -> list[Router]:
    """Return what operators do with feeds and assets."""
    trial = Trial(market.feeds, exchanges.readdressed, clock=on.clock, dice=on.dice, readings=on.readings)
    rest_trial = RestTrial(market.looks, exchanges.readdressed, market.feeds, readings=on.readings)
    discovery = Discovery(on.database, market.listings, clock=on.clock, readings=on.readings)
    # What a sync saves it has read from the venues' lists itself, just now.
    syncer = Syncer(market.audits, discovery, market.listings, AssetEditor(on.database), clock=on.clock, readings=on.readings)
    return [
        feed_routes(
            FeedEditor(on.database, trial, market.feeds.status, rest_trial=rest_trial),
            operator=operator,
            clock=on.clock,
            rest=market.looks.status,
            behind=market.tallies,
        ),
        asset_routes(AssetEditor(on.database, rest_trial=rest_trial), operator=operator),
        audit_routes(market.audits, operator=operator),
        discovery_routes(discovery, syncer, operator=operator),
        board_routes(partial(held_prices, engine), operator=operator),
    ]


def held_prices(engine: Engine) -> list[Reading]:
    """Return what a request would be told of each asset now, in order."""
    return [reading for asset in engine.book.assets() if (reading := engine.book.read(asset))]
