"""The tables, their seeds, and the notice of a change."""

import asyncio
import gzip
import json
from collections import Counter

import pytest
import sqlalchemy as sa

from tests.support.captures import captures_folder
from tests.support.clock import ManualClock
from tests.support.feeds import DOCUMENTED, VENUES
from tests.support.venue import eventually
from trinity_beast.clock import SystemClock
from trinity_beast.feeds.changes import CHANNEL, FeedChanges
from trinity_beast.feeds.grammar import COLUMNS, parse_row, rendered
from trinity_beast.feeds.parameters import FEED_LOOK_SECONDS
from trinity_beast.feeds.service import FeedTables, read_tables
from trinity_beast.feeds.tables import exchange_asset_map, exchange_feeds
from trinity_beast.storage import Database, Notices
from trinity_beast.words import Asset, Venue

SIX = ["coinbase", "cryptocom", "gateio", "gemini", "kraken", "okx"]
GREAT = {"BTC", "ETH", "SOL", "XRP", "DOGE", "LINK", "LTC", "AVAX", "DOT", "UNI"}
# The 25 of the resource inventory, section 9, at Coinbase.
SEEDS = "BTC ETH SOL DOGE XRP LINK DOT LTC AVAX UNI PEPE XLM ETC ICP RENDER BONK BCH JASMY AXS CHZ STORJ ZEC DASH CGLD NEAR"
SEED_LIST = sorted(SEEDS.split())


def test_the_table_has_exactly_the_nineteen_columns() -> None:
    assert tuple(exchange_feeds.c.keys()) == COLUMNS


async def test_a_fresh_database_knows_eleven_venues_of_which_six_are_on(database: Database) -> None:
    tables = await read_tables(database)
    assert tables.invalid == ()
    documented = {venue: {**row, "enabled": venue in SIX} for venue, row in DOCUMENTED.items()}
    assert {row.venue: rendered(row) for row in tables.rows} == documented
    assert [row.venue for row in tables.rows if row.enabled] == SIX
    assert sorted(row.venue for row in tables.rows) == sorted(VENUES)


async def test_a_fresh_database_maps_the_25_assets_of_coinbase(database: Database) -> None:
    asset_map = [mapped for mapped in (await read_tables(database)).asset_map if mapped.venue == "coinbase"]
    prewarmed = {mapped.asset: mapped for mapped in asset_map if mapped.prewarm}
    assert sorted(prewarmed) == SEED_LIST
    assert {mapped.symbol for mapped in prewarmed.values()} == {f"{asset}-USD" for asset in SEED_LIST}
    assert all((mapped.venue, mapped.quote, mapped.enabled) == ("coinbase", "USD", True) for mapped in asset_map)
    assert all(mapped.category for mapped in asset_map)
    others = {mapped.asset: mapped.symbol for mapped in asset_map if not mapped.prewarm}
    assert others == {"CELO": "CGLD-USD"}


async def test_a_fresh_database_holds_25_assets_warm_on_each_of_six_venues_and_the_great_ones_on_all(database: Database) -> None:
    asset_map = (await read_tables(database)).asset_map
    warm = Counter(mapped.venue for mapped in asset_map if mapped.prewarm)
    assert warm == dict.fromkeys(SIX, 25)
    for venue in SIX:
        assert {mapped.asset for mapped in asset_map if mapped.venue == venue} >= GREAT
    spelled = {(mapped.venue, mapped.asset): mapped.symbol for mapped in asset_map}
    assert [spelled[Venue(venue), Asset("BTC")] for venue in SIX] == ["BTC-USD", "BTC_USD", "BTC_USDT", "btcusd", "BTC/USD", "BTC-USDT"]
    assert len({(mapped.venue, mapped.symbol) for mapped in asset_map}) == len(asset_map) - 1  # CELO and CGLD are one market.


@pytest.mark.captures
async def test_every_symbol_of_the_map_stands_on_coinbases_real_product_list(database: Database) -> None:
    folder = captures_folder()
    if folder is None:
        pytest.skip("the recordings (shared/captures beside the checkout) are not on this machine")
    with gzip.open(folder / "coinbase" / "rest-market-products-2026-08-09.json.gz") as file:
        listed = {product["product_id"]: product for product in json.load(file)["products"]}
    for mapped in (each for each in (await read_tables(database)).asset_map if each.venue == "coinbase"):
        product = listed[mapped.symbol]
        assert (product["status"], product["trading_disabled"], product["view_only"]) == ("online", False, False)
        assert product["quote_currency_id"] == mapped.quote


async def test_a_row_that_breaks_the_grammar_takes_no_other_with_it(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.update(exchange_feeds).where(exchange_feeds.c.venue == "kraken").values(price_path="a..b"))
    tables = await read_tables(database)
    assert len(tables.rows) == 10
    assert [error.venue for error in tables.invalid] == ["kraken"]
    assert "price_path, character 3" in str(tables.invalid[0])


@pytest.mark.parametrize(
    ("column", "value"),
    [("asset", "btc"), ("asset", "A" * 17), ("quote", "usd"), ("symbol", 'X","Y'), ("symbol", ""), ("venue", "nowhere")],
)
async def test_the_map_refuses_what_could_not_be_asked_for(database: Database, column: str, value: str) -> None:
    row = {"asset": "NEW", "venue": "coinbase", "symbol": "NEW-USD", "quote": "USD"} | {column: value}
    with pytest.raises(sa.exc.IntegrityError):
        async with database.transaction() as tx:
            await tx.execute(sa.insert(exchange_asset_map).values(row))


class Taker:
    """What the watch gave away."""

    def __init__(self) -> None:
        self.taken: asyncio.Queue[FeedTables] = asyncio.Queue()

    async def take(self, tables: FeedTables) -> None:
        self.taken.put_nowait(tables)

    async def next(self) -> FeedTables:
        async with asyncio.timeout(10):
            return await self.taken.get()


async def test_a_change_by_anybody_is_put_to_use_at_once(own_database: Database) -> None:
    taker = Taker()
    clock = ManualClock()  # It stands still: only the notice can have told.
    notices = Notices(own_database.url, CHANNEL, SystemClock())
    known = await read_tables(own_database)
    changes = FeedChanges(lambda: read_tables(own_database), notices, taker.take, clock, known=known)
    await changes.start()
    try:
        await eventually(lambda: changes.looks)  # The line stands, and what it may have missed was looked for.
        async with own_database.transaction() as tx:
            await tx.execute(sa.update(exchange_feeds).where(exchange_feeds.c.venue == "bybit").values(enabled=True))
        assert [row.venue for row in (await taker.next()).rows if row.enabled] == sorted([*SIX, "bybit"])
        async with own_database.transaction() as tx:
            await tx.execute(sa.delete(exchange_asset_map).where(exchange_asset_map.c.asset == "DASH"))
        assert "DASH" not in [mapped.asset for mapped in (await taker.next()).asset_map]
    finally:
        await changes.stop()


async def test_a_change_whose_notice_was_lost_is_found_by_looking(own_database: Database) -> None:
    taker, clock = Taker(), ManualClock()
    nowhere = Notices(own_database.url, "another_channel", SystemClock())
    changes = FeedChanges(lambda: read_tables(own_database), nowhere, taker.take, clock, known=await read_tables(own_database))
    await changes.start()
    try:
        await eventually(lambda: changes.looks)
        async with own_database.transaction() as tx:
            await tx.execute(sa.update(exchange_feeds).where(exchange_feeds.c.venue == "coinbase").values(price_path="a..b", enabled=True))
            await tx.execute(sa.update(exchange_feeds).where(exchange_feeds.c.venue == "okx").values(enabled=False))
        await clock.wait_for_sleepers()
        clock.advance(FEED_LOOK_SECONDS.default)
        tables = await taker.next()
        assert [row.venue for row in tables.rows if row.enabled] == SIX[:-1]
        broken = next(row for row in tables.rows if row.venue == "coinbase")
        assert broken == parse_row(DOCUMENTED["coinbase"])  # Its last good row stays in use.
    finally:
        await changes.stop()
