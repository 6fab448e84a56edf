"""How the feeds fare, for the node's health."""

from trinity_beast.feeds.feeds import Feeds
from trinity_beast.feeds.model import FeedState
from trinity_beast.feeds.rest import Looks
from trinity_beast.telemetry import Finding, Probe


def feed_states(feeds: Feeds) -> dict[str, str]:
    """Return how each venue's feed stands, those that are off left out."""
    return {status.venue: status.state.value for status in feeds.status() if status.state is not FeedState.OFF}


def feeds_probe(feeds: Feeds, looks: Looks) -> Probe:
    """Return a probe that is content while at least one feed that is on has shown life.

    One venue away, or one whose REST is left alone, is told among the facts and is no reason to take the node out of
    service: the others go on.
    """

    async def probe() -> Finding:
        wanted = [status for status in feeds.status() if status.state is not FeedState.OFF]
        facts: dict[str, object] = {status.venue: status.state.value for status in wanted}
        facts |= {f"{rest.venue} rest": f"left alone for {rest.paused_seconds:.1f} s" for rest in looks.status() if rest.paused_seconds}
        if wanted and not any(status.state is FeedState.LIVE for status in wanted):
            return Finding(is_ok=False, reason=f"none of {len(wanted)} feeds is live", facts=facts)
        return Finding(is_ok=True, facts=facts)

    return probe
