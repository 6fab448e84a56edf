"""What the feeds and the REST looks counted, as metrics."""

from collections.abc import Iterator

from trinity_beast.feeds.feeds import Feeds
from trinity_beast.feeds.metrics import FEED, FEED_LIVE, REST, REST_PAUSED_SECONDS, REST_REQUESTS_PER_SECOND, REST_UNDER_WAY, REST_WAITING
from trinity_beast.feeds.model import FeedState
from trinity_beast.feeds.rest import Looks
from trinity_beast.telemetry import Sample


def feed_samples(feeds: Feeds, looks: Looks) -> Iterator[Sample]:
    """Give every figure of every venue: its feed's, and its REST side's with what is left of its budget."""
    for status in feeds.status():
        yield FEED_LIVE.at(status.state is FeedState.LIVE, status.venue)
        for name, count in status.counts.items():
            yield FEED[name].at(count, status.venue)
    for rest in looks.status():
        yield REST_WAITING.at(rest.waiting, rest.venue)
        yield REST_UNDER_WAY.at(rest.under_way, rest.venue)
        yield REST_PAUSED_SECONDS.at(rest.paused_seconds, rest.venue)
        yield REST_REQUESTS_PER_SECOND.at(rest.requests_per_second, rest.venue)
        for name, count in rest.counts.items():
            yield REST[name].at(count, rest.venue)
