"""What is counted behind the feeds, told as metrics, to operators and to health."""

from tests.pricing.test_errands import Waiting
from tests.pricing.test_watch import Stage, staged
from tests.support.clock import ManualClock
from tests.support.feeds import SECOND_NS, mapped
from tests.support.rest import rest_row, ticker
from trinity_beast.feeds import Feeds, Said, feed_samples
from trinity_beast.feeds.health import feeds_probe
from trinity_beast.pricing import Demand, Errands, Tallies
from trinity_beast.randomness import dice_from


def tallies(stage: Stage) -> Tallies:
    demand = Demand(stage.prices, stage.looks, clock=stage.clock)
    return Tallies(stage.prices, stage.watch, demand, Errands(Waiting(), demand))


async def test_assets_are_told_by_their_state_and_the_watch_by_what_it_did(clock: ManualClock) -> None:
    async with staged(clock, [rest_row()], [mapped("BTC"), mapped("ETH"), mapped("SOL")]) as stage:
        stage.rest.answers |= {"BTC": ticker("1"), "SOL": b'{"trades": []}'}
        stage.hear("BTC-USD", "ETH-USD")
        stage.say("ETH", Said(halted_wall_ns=clock.time_ns()))
        for _ in range(50):
            await clock.let_pass(1)
        told = tallies(stage)
        assert dict(told.standing()["assets"]) == {"live": 0, "quiet": 1, "rest": 0, "halted": 1, "stale": 0, "unavailable": 1}
        assert told.counted()["liveness"]["verdicts_quiet"] >= 1
        figures = {(one.name, *one.labels): one.value for one in told.samples()}
        assert figures["assets", ("state", "halted")] == 1
        assert figures["liveness_watched",] == 3
        assert figures["liveness_verdicts_quiet",] == told.counted()["liveness"]["verdicts_quiet"]
        assert len({(one.name, one.labels) for one in told.samples()}) == len(list(told.samples()))
        finding = await told.finding()
        assert finding.is_ok
        assert finding.facts["halted"] == 1


async def test_health_finds_fault_when_nothing_can_be_served_or_nobody_watches(clock: ManualClock) -> None:
    async with staged(clock, [rest_row()], [mapped("BTC")]) as stage:
        assert (await tallies(stage).finding()).reason == "none of 1 assets can be served"
        stage.hear("BTC-USD")
        assert (await tallies(stage).finding()).is_ok
        await stage.watch.stop()
        assert (await tallies(stage).finding()).reason == "the watch over silence has ended"


async def test_a_venue_whose_rest_is_left_alone_is_told_with_its_budget_and_for_how_long(clock: ManualClock) -> None:
    async with staged(clock, [rest_row()], [mapped("BTC")], rest_failures_max=1, rest_pause_seconds=100.0) as stage:
        for _ in range(10):
            await clock.let_pass(1)
        [rest] = stage.looks.status()
        assert (rest.venue, rest.can_look, rest.requests_per_second, rest.waiting) == ("coinbase", True, 10, 0)
        assert 90 < rest.paused_seconds <= 100
        assert rest.counts["unreachable"] == 1
        feeds = Feeds([rest_row()], [mapped("BTC")], stage.prices.on_trades, clock=clock, dice=dice_from("feeds"))
        figures = {(one.name, one.labels[0][1]): one.value for one in feed_samples(feeds, stage.looks)}
        assert figures["rest_paused_seconds", "coinbase"] == rest.paused_seconds
        assert (figures["rest_unreachable", "coinbase"], figures["feed_live", "coinbase"]) == (1, 0)
        assert "left alone for" in str((await feeds_probe(feeds, stage.looks)()).facts["coinbase rest"])
        await clock.let_pass(200)
        assert SECOND_NS > stage.looks.status()[0].paused_seconds >= 0
