"""What the daily dashboard looks at on a node that answers prices."""

from collections.abc import Sequence
from datetime import timedelta

from trinity_beast.compose.counting import Counted
from trinity_beast.compose.ground import Ground
from trinity_beast.compose.market import Market
from trinity_beast.compose.metering import Metering
from trinity_beast.compose.working import Working
from trinity_beast.ops import Line, lines, summed
from trinity_beast.usage import Dimension, Sought, UsageReader

DAY = timedelta(hours=24)
USAGE_BY = (Dimension.SOURCE, Dimension.STATUS, Dimension.PROTOCOL, Dimension.ASSET)


def watch_by_day(on: Ground, working: Working, counted: Counted, market: Market, metering: Metering) -> None:
    """Have the dashboard look at everything, in the order it is read."""
    usage = UsageReader(working.database)

    async def services() -> Sequence[Line]:
        return lines.service_lines(await on.health.report())

    async def feeds() -> Sequence[Line]:
        return lines.feed_lines(market.feeds.status(), market.tallies.standing()["assets"])

    async def cluster() -> Sequence[Line]:
        view = (await counted.counting.glance()).view
        return lines.cluster_lines(view, summed([found.snapshot for found in view.found]))

    async def cache() -> Sequence[Line]:
        if on.cache is None:
            return [Line("server", "off", "there is none: nodes keep to their own memory")]
        return lines.cache_lines(on.cache.gauges(), lines.info_of(await on.cache.do("INFO")))

    async def queue() -> Sequence[Line]:
        return lines.queue_lines(await metering.oversight.overview())

    async def writer() -> Sequence[Line]:
        return lines.writer_lines(await metering.oversight.overview())

    async def works() -> Sequence[Line]:
        return lines.work_lines(await working.runs.standing(), now=on.clock.now())

    async def day() -> Sequence[Line]:
        until = on.clock.now()
        async with usage.look() as look:
            return lines.usage_lines(await look.totals(Sought(until - DAY, until, None), USAGE_BY))

    for name, look in (
        ("services", services),
        ("feeds", feeds),
        ("cluster", cluster),
        ("cache", cache),
        ("queue", queue),
        ("writer", writer),
        ("sync and jobs", works),
        ("usage, last 24 h", day),
    ):
        working.daily.look_at(name, look)
