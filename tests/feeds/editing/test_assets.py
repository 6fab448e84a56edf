"""The asset map changed through the service, on a real database."""

import json
from dataclasses import replace

import pytest

from tests.support.feeds import dice
from tests.support.rest import FakeRest, rest_row, ticker
from trinity_beast.clock import SystemClock
from trinity_beast.errors import ChangedMeanwhile
from trinity_beast.feeds import AssetEditor, Feeds, Looks, MapFilter, RestTrial, WantedMapRow
from trinity_beast.feeds.errors import MapRowsInvalid, MapRowUnknown
from trinity_beast.parameters import Readings
from trinity_beast.storage import Database

NEW = WantedMapRow("NEW", "bitstamp", "NEW/USD", prewarm=True, category="chain")


@pytest.fixture
def editor(database: Database) -> AssetEditor:
    return AssetEditor(database)


async def test_rows_are_saved_new_and_changed_in_one_batch(editor: AssetEditor) -> None:
    changed = WantedMapRow("BTC", "coinbase", "BTC-USD", prewarm=False, category="chain")
    new, old = await editor.save([NEW, changed], by="Ada")
    assert (new.asset, new.venue, new.symbol, new.version) == ("NEW", "bitstamp", "NEW/USD", 1)
    assert (old.asset, old.prewarm, old.version) == ("BTC", False, 2)
    assert (await editor.save([changed], by="Ada"))[0].version == 2


async def test_one_bad_row_keeps_all_others_out_and_every_mistake_is_told_by_its_place(editor: AssetEditor) -> None:
    bad = [
        NEW,
        replace(NEW, asset="new"),
        replace(NEW, asset="X", venue="bitstmap"),
        replace(NEW, asset="Y", symbol='Y","Z', quote="", category="x" * 41),
        NEW,
    ]
    with pytest.raises(MapRowsInvalid) as refusal:
        await editor.save(bad, by="Ada")
    assert [mistake.location for mistake in refusal.value.mistakes] == [
        "assets.1.asset", "assets.2.venue", "assets.3.quote", "assets.3.symbol", "assets.3.category", "assets.4.asset",
    ]  # fmt: skip
    by_place = {mistake.location: mistake for mistake in refusal.value.mistakes}
    assert by_place["assets.2.venue"].fix == "Did you mean bitstamp?"
    assert by_place["assets.1.asset"].facts["character"] == 1
    assert (await editor.listing(MapFilter(asset="NEW"))).rows == ()


async def test_a_row_that_would_price_by_a_dead_or_unknown_market_is_refused_and_one_that_is_off_is_not_asked_about(
    database: Database,
) -> None:
    alive = {"status": "online", "is_disabled": False, "trading_disabled": False, "view_only": False, "quote_currency_id": "USD"}
    listed = [{"product_id": "NEW-USD", **alive}, {"product_id": "OLD-USD", **alive, "status": "delisted"}]
    rest = FakeRest(ticker=ticker("1"), products=json.dumps({"products": listed}).encode())
    looks = Looks([rest_row(listed=True, requests_per_second=1_000)], opener=rest, clock=SystemClock())
    feeds = Feeds([], [], lambda _: None, clock=SystemClock(), dice=dice())
    editor = AssetEditor(database, rest_trial=RestTrial(looks, dict, feeds, readings=Readings()))
    new, old = (WantedMapRow(name, "coinbase", f"{name}-USD") for name in ("NEW", "OLD"))
    with pytest.raises(MapRowsInvalid) as refusal:
        await editor.save([new, old, replace(new, asset="N2", symbol="NOPE-USD")], by="Ada")
    told = refusal.value.mistakes
    assert [(one.location, one.facts["flaw"]) for one in told] == [("assets.1.symbol", "not_listed"), ("assets.2.symbol", "not_listed")]
    assert (await editor.listing(MapFilter(asset="NEW"))).rows == ()
    saved = await editor.save([new, replace(old, enabled=False)], by="Ada")
    assert [row.enabled for row in saved] == [True, False]
    before = len(rest.asked)
    await editor.save([replace(new, prewarm=True)], by="Ada")
    assert len(rest.asked) == before, "it prices as it did"
    await looks.stop()


async def test_a_row_changed_meanwhile_keeps_the_whole_batch_out(editor: AssetEditor) -> None:
    await editor.save([NEW], by="Ada")
    other = replace(NEW, asset="OTHER", expected_version=0)
    for batch in ([other, replace(NEW, expected_version=0)], [other, replace(NEW, expected_version=5)]):
        with pytest.raises(ChangedMeanwhile) as refusal:
            await editor.save(batch, by="Bob")
        assert [mistake.location for mistake in refusal.value.mistakes] == ["assets.1.expected_version"]
    assert (await editor.listing(MapFilter(asset="OTHER"))).rows == ()


async def test_one_row_is_switched_and_the_rest_of_it_stays(editor: AssetEditor) -> None:
    row = (await editor.listing(MapFilter(venue="coinbase", asset="BTC"))).rows[0]
    switched = await editor.switch(row.row_id, enabled=None, prewarm=False, expected_version=1, by="Ada")
    assert switched == replace(row, prewarm=False, version=2)
    with pytest.raises(ChangedMeanwhile):
        await editor.switch(row.row_id, enabled=False, prewarm=None, expected_version=1, by="Bob")
    assert await editor.switch(row.row_id, enabled=None, prewarm=None, expected_version=None, by="Ada") == switched
    with pytest.raises(MapRowUnknown):
        await editor.switch(2**40, enabled=False, prewarm=None, expected_version=None, by="Ada")


@pytest.mark.parametrize("limit", [1, 7, 26, 100])
async def test_pages_hold_every_row_once_and_in_order(editor: AssetEditor, limit: int) -> None:
    found, wanted = [], MapFilter(venue="coinbase", limit=limit)
    while True:
        page = await editor.listing(wanted)
        assert len(page.rows) <= limit
        found += [row.asset for row in page.rows]
        if page.next_after is None:
            break
        wanted = replace(wanted, after=page.next_after)
    assert len(found) == 26
    assert found == sorted(set(found))
