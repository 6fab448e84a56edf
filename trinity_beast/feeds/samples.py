"""What the feeds and the REST looks counted, as metrics."""

from collections.abc import Iterator

from trinity_beast.feeds.feeds import Feeds
from trinity_beast.feeds.model import FeedState
from trinity_beast.feeds.rest import Looks
from trinity_beast.telemetry import Sample


def feed_samples(feeds: Feeds, looks: Looks) -> Iterator[Sample]:
    """Give every figure of every venue: its feed's, and its REST side's with what is left of its budget."""
    for status in feeds.status():
        labels = (("venue", str(status.venue)),)
        is_live = status.state is FeedState.LIVE
        yield Sample("feed_live", is_live, "Whether the venue's feed has shown life.", labels, is_gauge=True)
        for name, count in status.counts.items():
            yield Sample(f"feed_{name}", count, f"{_words(name)}, by venue.", labels)
    for rest in looks.status():
        labels = (("venue", str(rest.venue)),)
        yield Sample("rest_waiting", rest.waiting, "Looks that wait for their turn at the venue's REST.", labels, is_gauge=True)
        yield Sample("rest_under_way", rest.under_way, "Requests on their way to the venue's REST.", labels, is_gauge=True)
        yield Sample("rest_paused_seconds", rest.paused_seconds, "How long the venue's REST is still left alone.", labels, is_gauge=True)
        yield Sample("rest_requests_per_second", rest.requests_per_second, "What the venue's REST may be asked.", labels, is_gauge=True)
        for name, count in rest.counts.items():
            yield Sample(f"rest_{name}", count, f"{_words(name)} at the venue's REST.", labels)


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()
