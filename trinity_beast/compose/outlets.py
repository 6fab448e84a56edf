"""What a node tells those who watch it: metrics of all its services on one page, and CloudWatch where that is asked for."""

from collections.abc import Iterator
from typing import Any

from trinity_beast.cloud import CloudWatch
from trinity_beast.compose.ground import Ground
from trinity_beast.compose.market import Market
from trinity_beast.parts import Part
from trinity_beast.reports import ReportTallies
from trinity_beast.telemetry import (
    CLOUDWATCH_SERIES_MAX,
    Account,
    Counters,
    PriceReading,
    Publisher,
    ReportReading,
    Sample,
    Samples,
    merged,
    price_account,
    report_account,
)
from trinity_beast.usage import Spread


class Outlets:
    """Gathers what each service tells, as it is built; read once all are."""

    def __init__(self, on: Ground) -> None:
        self._on = on
        self._told: list[Samples] = []
        self._accounts: list[Account[Any]] = []

    def tell(self, *samples: Samples) -> None:
        """Tell these on the page of metrics, too."""
        self._told += samples

    def samples(self) -> Iterator[Sample]:
        """Return all figures now."""
        return (sample for samples in self._told for sample in samples())

    def prices(self, counters: Counters, market: Market, spread: Spread | None) -> None:
        """Tell CloudWatch of the price service."""

        def read() -> PriceReading:
            return PriceReading(
                counters.read(),
                merged(counters.latencies().values()),
                market.prices.serving.venues_switched,
                {} if spread is None else spread.by_asset(),
                {} if spread is None else spread.by_source(),
            )

        series_max = self._on.readings.of(CLOUDWATCH_SERIES_MAX)
        self._accounts.append(price_account(read, node=self._on.settings.node, series_most=lambda: series_max.value))

    def reports(self, counters: Counters, tallies: ReportTallies) -> None:
        """Tell CloudWatch of the report service."""

        def read() -> ReportReading:
            return ReportReading(counters.read()["lrs_requests"], tallies.counted(), tallies.latencies())

        self._accounts.append(report_account(read, node=self._on.settings.node))

    def parts(self) -> list[Part]:
        """Return what runs: whoever tells CloudWatch, where the settings ask for it."""
        on = self._on
        if not (on.settings.cloudwatch_metrics and self._accounts):
            return []
        keeper = CloudWatch(region=on.settings.region, endpoint_url=on.settings.aws_endpoint_url)
        publisher = Publisher(keeper, self._accounts, clock=on.clock, dice=on.dice, readings=on.readings)
        self.tell(publisher.samples)
        return [publisher]
