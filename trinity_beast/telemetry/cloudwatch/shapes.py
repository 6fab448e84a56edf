"""Counts, shares and times as figures: each such that statistics over nodes and minutes come out true. Pure."""

from collections.abc import Mapping
from datetime import datetime

from trinity_beast.cloud import Figure
from trinity_beast.telemetry.cloudwatch.model import NODE, added
from trinity_beast.telemetry.latency import Histogram

OTHERS = "others"
NS_A_MILLISECOND = 1_000_000


def counted(name: str, count: int, *, at: datetime, node: str, **more: str) -> Figure:
    """Return a count: its sum over nodes is the sum."""
    return Figure(name, at, 1, count, count, count, dimensions=((NODE, node), *more.items()))


def shared(name: str, good: int, bad: int, *, at: datetime, node: str) -> list[Figure]:
    """Return a share in per cent, as so many samples of 100 and of 0: its average over nodes is the true one. Of nothing, none."""
    if not good + bad:
        return []
    least, most = (0 if bad else 100), (100 if good else 0)
    return [Figure(name, at, good + bad, 100 * good, least, most, unit="Percent", dimensions=((NODE, node),))]


def timed(name: str, took: Histogram, *, at: datetime, node: str) -> list[Figure]:
    """Return times in milliseconds. The average is exact, least and most within 0.8 per cent. Of no answers, none."""
    if not took.answers:
        return []
    least, most = ((ns or 0) / NS_A_MILLISECOND for ns in (took.least_ns, took.most_ns))
    return [Figure(name, at, took.answers, took.sum_ns / NS_A_MILLISECOND, least, most, unit="Milliseconds", dimensions=((NODE, node),))]


def spread(
    name: str, label: str, before: Mapping[str, int], now: Mapping[str, int], *, most: int, at: datetime, node: str
) -> list[Figure]:  # fmt: skip
    """Return a count for each of the `most` that had most, and one for all others together: their sum is the whole."""
    came = {key: added(count, before.get(key, 0)) for key, count in now.items()}
    ranked = sorted(((count, key) for key, count in came.items() if count), key=lambda pair: (-pair[0], pair[1]))
    figures = [counted(name, count, at=at, node=node, **{label: key}) for count, key in ranked[:most]]
    if rest := sum(count for count, _ in ranked[most:]):
        figures.append(counted(name, rest, at=at, node=node, **{label: OTHERS}))
    return figures
