"""Holding fewer assets from the start than the map says."""

import asyncio

import pytest

from tests.support.clock import ManualClock
from trinity_beast.clock import SystemClock
from trinity_beast.feeds import FeedChanges, FeedTables
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.narrowing import narrowed
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database, Notices
from trinity_beast.words import Asset, Symbol, Venue

MAP = tuple(MappedAsset(Asset(code), Venue("okx"), Symbol(code), "USD", prewarm=code != "DOGE") for code in ("BTC", "ETH", "DOGE"))
TABLES = FeedTables((), MAP)


@pytest.mark.parametrize(
    ("text", "held"), [("", ["BTC", "ETH"]), (" , ", ["BTC", "ETH"]), ("btc", ["BTC"]), ("ETH, BTC,XRP", ["BTC", "ETH"]), ("DOGE", [])]
)
def test_only_named_assets_are_held_and_none_that_the_map_does_not_hold(text: str, held: list[str]) -> None:
    found = narrowed(TABLES, text)
    assert [row.asset for row in found.asset_map if row.prewarm] == held
    assert [row.asset for row in found.asset_map] == ["BTC", "ETH", "DOGE"]


async def test_a_turned_list_is_put_to_use_at_once(own_database: Database) -> None:
    taken: asyncio.Queue[FeedTables] = asyncio.Queue()
    readings, nowhere = Readings(), Notices(own_database.url, "another_channel", SystemClock())

    async def read() -> FeedTables:
        return TABLES

    changes = FeedChanges(read, nowhere, taken.put, ManualClock(), known=TABLES, readings=readings)
    await changes.start()
    try:
        for text, held in (("BTC", ["BTC"]), ("", ["BTC", "ETH"])):
            readings.turn("prewarm_assets", text)
            async with asyncio.timeout(20):
                assert [row.asset for row in (await taken.get()).asset_map if row.prewarm] == held
    finally:
        await changes.stop()
