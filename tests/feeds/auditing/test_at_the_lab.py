"""Audits of the lab's venues with troubles planted: each is found, with the right reason and the right proposal."""

import pytest

from tests.support.audited import audited, finding
from tests.support.clock import ManualClock
from tests.support.feeds import mapped
from trinity_beast.feeds import MappedAsset
from trinity_beast.feeds.auditing import AuditedAsset, Outcome, ProposalKind, Verdict
from trinity_beast.lab import Market, open_market
from trinity_beast.lab.venues import VENUES
from trinity_beast.words import Asset, Venue

KRAKEN = {"BTC": "BTC/USD", "XTZ": "XTZ/USD", "SC": "SC/USD", "NANO": "NANO/USD"}
GEMINI = {"BTC": "btcusd", "AAVE": "aaveusd"}
GATEIO = {"BTC": "BTC_USDT", "BNB": "BNB_USDT"}


def market(*venues: str) -> Market:
    return open_market(seed=7, kinds={Venue(venue): VENUES[Venue(venue)] for venue in venues})


def rows(venue: str, symbols: dict[str, str], quote: str = "USD") -> list[MappedAsset]:
    return [mapped(asset, venue=venue, symbol=symbol, quote=quote) for asset, symbol in symbols.items()]


def coinbase(*assets: str) -> list[MappedAsset]:
    return [mapped(asset) for asset in assets]


def told(one: AuditedAsset) -> tuple[str, str]:
    """A row's verdict and why."""
    return one.verdict.value, one.worst.reason if one.worst is not None else ""


async def test_where_all_is_well_every_layer_of_every_row_passes(clock: ManualClock) -> None:
    asset_map = [*coinbase("BTC", "ETH"), *rows("kraken", KRAKEN), *rows("gemini", GEMINI), *rows("gateio", GATEIO, "USDT")]
    async with audited(market("coinbase", "kraken", "gemini", "gateio"), asset_map, clock, settle_seconds=20) as stage:
        found = await stage.audit()
    assert {told(one) for one in found.values()} == {("sound", "")}
    assert {each.outcome for one in found.values() for each in one.findings} == {Outcome.PASSED}
    assert all(one.proposal is None for one in found.values())
    assert [(one.asset, one.venue) for one in found.values()] == [(row.asset, row.venue) for row in asset_map]


async def test_what_was_delisted_is_found_and_moved_to_where_it_is_mapped_else_to_where_it_is_listed(clock: ManualClock) -> None:
    asset_map = [*coinbase("BTC"), *rows("kraken", KRAKEN), *rows("gemini", GEMINI)]
    async with audited(market("coinbase", "kraken", "gemini"), asset_map, clock) as stage:
        await stage.lab.fault("delist kraken BTC/USD")
        await stage.lab.fault("delist kraken XTZ/USD")
        await stage.lab.fault("delist gemini aaveusd")
        found = await stage.audit()
    btc, xtz, aave = found["BTC", "kraken"], found["XTZ", "kraken"], found["AAVE", "gemini"]
    assert [told(one) for one in (btc, xtz, aave)] == [("broken", "not_listed")] * 2 + [("broken", "not_tradable")]
    assert btc.proposal is not None
    assert (btc.proposal.kind, btc.proposal.venue, btc.proposal.symbol) == (ProposalKind.MOVE, "coinbase", "BTC-USD")
    assert "mapped there already" in btc.proposal.why
    assert aave.proposal is not None
    assert (aave.proposal.kind, aave.proposal.venue, aave.proposal.symbol) == (ProposalKind.MOVE, "coinbase", "AAVE-USD")
    assert xtz.proposal is not None
    assert (xtz.proposal.kind, xtz.proposal.why) == (
        ProposalKind.NONE, "no exchange whose list could be read trades XTZ in USD or dollars",
    )  # fmt: skip
    assert {told(one) for key, one in found.items() if key not in {("BTC", "kraken"), ("XTZ", "kraken"), ("AAVE", "gemini")}} == {
        ("sound", "")
    }


async def test_what_was_renamed_is_proposed_by_its_new_name(clock: ManualClock) -> None:
    async with audited(market("coinbase"), coinbase("BTC", "ETH"), clock) as stage:
        await stage.lab.fault("rename coinbase ETH-USD to=ETHER-USD")
        found = await stage.audit()
    assert told(found["ETH", "coinbase"]) == ("broken", "not_listed")
    proposal = found["ETH", "coinbase"].proposal
    assert proposal is not None
    assert (proposal.kind, proposal.symbol, proposal.quote) == (ProposalKind.RENAME, "ETHER-USD", "USD")
    assert told(found["BTC", "coinbase"]) == ("sound", "")


async def test_an_alias_and_an_old_name_are_told_from_markets_of_their_own(clock: ManualClock) -> None:
    asset_map = [*coinbase("ETH"), mapped("BTC", symbol="BTC-USDC", quote="USDC"), mapped("BTC", venue="kraken", symbol="XBT/USD")]
    asset_map += rows("kraken", {"ETH": "ETH/USD"})
    async with audited(market("coinbase", "kraken"), asset_map, clock) as stage:
        found = await stage.audit()
    alias, old = found["BTC", "coinbase"], found["BTC", "kraken"]
    assert [told(one) for one in (alias, old)] == [("broken", "alias"), ("broken", "old_name")]
    assert alias.proposal is not None
    assert old.proposal is not None
    assert (alias.proposal.kind, alias.proposal.symbol, alias.proposal.quote) == (ProposalKind.RENAME, "BTC-USD", "USD")
    assert (old.proposal.kind, old.proposal.symbol, old.proposal.quote) == (ProposalKind.RENAME, "BTC/USD", "USD")


async def test_a_muted_symbol_and_a_wrong_unit_are_found_and_not_taken_for_a_missing_market(clock: ManualClock) -> None:
    asset_map = [*coinbase("BTC", "ETH"), *rows("kraken", KRAKEN), *rows("gateio", GATEIO, "USDT")]
    async with audited(market("coinbase", "kraken", "gateio"), asset_map, clock, liveness_seconds_max=8.0, proof_wait_seconds=4.0) as stage:
        await stage.lab.fault("mute coinbase ETH-USD")
        await stage.lab.fault("wrong-units gateio BNB_USDT of=price")
        await stage.clock.let_pass(12)
        found = await stage.audit()
    eth, bnb = found["ETH", "coinbase"], found["BNB", "gateio"]
    assert told(eth) == ("broken", "muted")
    assert finding(eth, "listed").outcome is Outcome.PASSED
    assert eth.proposal is not None
    assert (eth.proposal.kind, "subscribed anew" in eth.proposal.why) == (ProposalKind.NONE, True)
    drift = finding(bnb, "agrees")
    assert (drift.outcome, drift.reason) == (Outcome.FAILED, "drifts_from_rest")
    assert float(drift.evidence["differs_percent"]) == pytest.approx(9_900, rel=0.05)
    assert {told(one) for key, one in found.items() if key not in {("ETH", "coinbase"), ("BNB", "gateio")}} == {("sound", "")}


async def test_another_coin_under_the_same_name_drifts_from_every_other_venue(clock: ManualClock) -> None:
    asset_map = [*coinbase("BTC"), mapped("BTC", venue="kraken", symbol="ETH/USD"), *rows("gateio", {"BTC": "BTC_USDT"}, "USDT")]
    async with audited(market("coinbase", "kraken", "gateio"), asset_map, clock) as stage:
        found = await stage.audit()
    assert told(found["BTC", "kraken"]) == ("broken", "drifts_from_venues")
    assert [told(found["BTC", venue]) for venue in ("coinbase", "gateio")] == [("sound", "")] * 2


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ("rest-status gateio status=500", "statuses: 500"),
        ("rest-status gateio status=418 retry_after=300", "limited: 418"),
        ("rest-slow gateio seconds=200", "late"),
    ],
)
async def test_a_venue_whose_rest_is_away_or_bans_us_is_unproven_not_broken_and_holds_nobody_up(
    clock: ManualClock, fault: str, problem: str
) -> None:
    asset_map = [*coinbase("BTC", "ETH"), *rows("gateio", GATEIO, "USDT")]
    async with audited(market("coinbase", "gateio"), asset_map, clock) as stage:
        await stage.lab.fault(fault)
        before_ns = clock.monotonic_ns()
        found = await stage.audit()
        assert (clock.monotonic_ns() - before_ns) / 1e9 < 55
        counts = stage.looks.counts()[Venue("gateio")]
    for asset in GATEIO:
        one = found[asset, "gateio"]
        assert told(one) == ("unproven", "list_away")
        assert problem in finding(one, "listed").told
        assert finding(one, "delivers").outcome is Outcome.PASSED
        assert one.proposal is None
    assert counts["requests"] <= 6
    assert {found[asset, "coinbase"].verdict for asset in ("BTC", "ETH")} == {Verdict.SOUND}


async def test_a_feed_that_is_away_is_told_from_a_market_that_is_gone(clock: ManualClock) -> None:
    asset_map = [*coinbase("BTC"), *rows("gateio", {"BNB": "BNB_USDT"}, "USDT")]
    async with audited(market("coinbase", "gateio"), asset_map, clock) as stage:
        await stage.lab.fault("refuse gateio")
        await stage.lab.fault("drop gateio")
        await stage.clock.let_pass(3)
        found = await stage.audit()
    one = found["BNB", "gateio"]
    assert told(one) == ("broken", "feed_away")
    assert one.proposal is not None
    assert one.proposal.why == "the exchange is away, not the asset"


async def test_what_no_feed_holds_is_asked_of_rest_and_warms_nothing(clock: ManualClock) -> None:
    asset_map = [*coinbase("BTC"), mapped("ETH", prewarm=False), mapped("PEPE", venue="coinbase", symbol="NOPE-USD", prewarm=False)]
    async with audited(market("coinbase"), asset_map, clock) as stage:
        found = await stage.audit()
    eth = found["ETH", "coinbase"]
    assert finding(eth, "delivers").outcome is Outcome.SKIPPED
    assert finding(eth, "answers").outcome is Outcome.PASSED
    assert finding(eth, "agrees").reason == "nothing_to_compare"
    pepe = found["PEPE", "coinbase"]
    assert [(each.layer.value, each.reason) for each in pepe.findings if each.outcome is Outcome.FAILED] == [
        ("listed", "not_listed"), ("answers", "no_answer"),
    ]  # fmt: skip
    assert pepe.proposal is not None
    assert (pepe.proposal.kind, pepe.proposal.symbol) == (ProposalKind.RENAME, "PEPE-USD")


async def test_an_empty_map_is_an_empty_audit(clock: ManualClock) -> None:
    async with audited(market("coinbase"), coinbase("BTC"), clock) as stage:
        assert await stage.within(stage.auditor.run([], [], lambda: None)) == []


def test_the_assets_used_here_are_listed() -> None:
    listed = {listing.symbol for listing in market("kraken").listings[Venue("kraken")]}
    assert set(KRAKEN.values()) <= listed
    assert Asset("AAVE") in {listing.asset for listing in market("gemini").listings[Venue("gemini")]}
