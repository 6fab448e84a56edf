"""The figures of `TrinityBeast/LRS`. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime

from trinity_beast.cloud import Figure
from trinity_beast.telemetry.cloudwatch.model import Account, ReportReading, added
from trinity_beast.telemetry.cloudwatch.shapes import counted, timed

NAMESPACE = "TrinityBeast/LRS"
BY_REPORT: Mapping[str, str] = {"UsageRequests": "usage", "SummaryRequests": "summary"}
BY_FORM: Mapping[str, str] = {"FormatJSON": "json", "FormatCSV": "csv", "FormatTSV": "tsv", "FormatText": "text"}


def report_account(read: Callable[[], ReportReading], *, node: str) -> Account[ReportReading]:
    """Return what is told of the report service."""

    def tell(before: ReportReading, now: ReportReading, at: datetime) -> list[Figure]:
        return report_figures(before, now, at=at, node=node)

    return Account(NAMESPACE, read, tell)


def report_figures(before: ReportReading, now: ReportReading, *, at: datetime, node: str) -> list[Figure]:
    """Return the figures of what came between two readings."""
    came = {key: added(count, before.told.get(key, 0)) for key, count in now.told.items()}
    return [
        counted("ReportRequests", added(now.requests, before.requests), at=at, node=node),
        *[counted(name, sum(n for (report, _), n in came.items() if report == told), at=at, node=node) for name, told in BY_REPORT.items()],
        *[counted(name, sum(n for (_, form), n in came.items() if form == told), at=at, node=node) for name, told in BY_FORM.items()],
        *timed("AvgLatencyMs", now.latencies.since(before.latencies), at=at, node=node),
    ]
