"""Every asset's price: trades in, the engine's book kept, and the reading of what the engine cannot answer by itself."""

from collections.abc import Iterable, Sequence

from trinity_beast.clock import Clock
from trinity_beast.errors import TrinityError
from trinity_beast.feeds import MappedAsset
from trinity_beast.log import get_log
from trinity_beast.parameters import Readings
from trinity_beast.pricing.atlas import Atlas
from trinity_beast.pricing.book import BookOfPrices
from trinity_beast.pricing.errors import AssetUnknown, PriceStale, PriceUnavailable
from trinity_beast.pricing.freshness import age_ns, is_fresh, serving
from trinity_beast.pricing.model import Missing, Price, PriceList, whole_ms
from trinity_beast.pricing.parameters import STALE_AFTER_SECONDS
from trinity_beast.words import Asset, Symbol, Trade, Venue

SECOND_NS = 1_000_000_000
_log = get_log("pricing")


class Prices:
    """Keeps the newest trade of each venue's symbol, and tells the engine which one answers for each asset.

    `source_prefix` marks every source tag where the market is not the real one: `lab:coinbase-ws`.
    """

    def __init__(
        self,
        book: BookOfPrices,
        asset_map: Iterable[MappedAsset],
        *,
        clock: Clock,
        readings: Readings | None = None,
        source_prefix: str = "",
    ) -> None:
        self._book, self._clock, self._prefix = book, clock, source_prefix
        self._stale_after = (readings or Readings()).of(STALE_AFTER_SECONDS)
        self._ticks: dict[tuple[Venue, Symbol], Trade] = {}
        self._atlas = Atlas(asset_map)
        self._published_for_ns = self._usable_for_ns
        self.trades_unmapped = self.trades_late = self.publishes_refused = 0
        self._announce(self._atlas.assets)

    @property
    def _usable_for_ns(self) -> int:
        return self._stale_after.value * SECOND_NS

    def on_trades(self, trades: Sequence[Trade]) -> None:
        """Take in live trades. Of several of one symbol, only the newest is published."""
        if self._usable_for_ns != self._published_for_ns:
            self._publish_all()
        for trade in trades if len(trades) == 1 else {trade.symbol: trade for trade in trades}.values():
            self._take(trade)

    def on_history(self, trades: Sequence[Trade]) -> None:
        """Take in old trades: they fill a book that is empty or older still, with their true age."""
        for trade in {trade.symbol: trade for trade in sorted(trades, key=lambda trade: trade.exchange_time_ns)}.values():
            self._take(trade)

    def use_map(self, asset_map: Iterable[MappedAsset]) -> None:
        """Price by another map from now on: new assets are announced, those that have gone are retired."""
        before, self._atlas = self._atlas, Atlas(asset_map)
        for asset in set(before.assets) - set(self._atlas.assets):
            self._book.retire(asset)
        self._ticks = {key: trade for key, trade in self._ticks.items() if self._atlas.of_symbol(*key)}
        self._announce([asset for asset in self._atlas.assets if before.of_asset(asset) != self._atlas.of_asset(asset)])
        self._publish_all()

    def read(self, asset: str, *, venue: str | None = None, max_age_ms: int | None = None) -> Price:
        """Return an asset's price now, of one venue where `venue` is given.

        Raises:
            AssetUnknown: no row of the map has it (there); with what looks like it.
            PriceUnavailable: it is known and has not been printed yet.
            PriceStale: what there is, is older than `stale_after_seconds`, or than `max_age_ms`.
        """
        rows = [mapped for mapped in self._atlas.of_asset(asset) if venue is None or mapped.venue == venue]
        if not rows:
            raise self._unknown(asset, venue)
        now_ns = self._clock.monotonic_ns()
        trade = self._serving(rows, now_ns)
        if trade is None:
            raise PriceUnavailable(asset=asset)
        age = age_ns(trade, now_monotonic_ns=now_ns)
        bounded = max_age_ms is not None and age > max_age_ms * 1_000_000
        if bounded or not is_fresh(age, self._usable_for_ns):
            bound = {"max_age_ms": max_age_ms} if bounded else {}
            raise PriceStale(asset=asset, age_seconds=age // SECOND_NS, age_ms=whole_ms(age), **bound)
        mapped = next(mapped for mapped in rows if (mapped.venue, mapped.symbol) == (trade.venue, trade.symbol))
        return Price(
            asset=mapped.asset,
            price=trade.price,
            quote=mapped.quote,
            venue=trade.venue,
            source=self._source(trade.venue),
            cache_tier="memory",
            state="live",
            exchange_time_ns=trade.exchange_time_ns,
            received_time_ns=trade.received_time_ns,
            age_ns=age,
        )

    def read_many(self, assets: Iterable[str], *, venue: str | None = None, max_age_ms: int | None = None) -> PriceList:
        """Return the prices of many assets, each once and in the order asked; those without one are listed with their reason."""
        prices: list[Price] = []
        missing: list[Missing] = []
        for asset in dict.fromkeys(assets):
            try:
                prices.append(self.read(asset, venue=venue, max_age_ms=max_age_ms))
            except (AssetUnknown, PriceStale, PriceUnavailable) as error:
                missing.append(_missing(asset, error))
        return PriceList(tuple(prices), tuple(missing))

    def prewarmed(self) -> list[Asset]:
        """Return the assets some venue holds from the start: what `GET /prices` answers with."""
        return [asset for asset in self._atlas.assets if self._atlas.is_prewarmed(asset)]

    def assets_of(self, venue: str) -> list[Asset]:
        """Return the assets a venue prices, in order."""
        return [asset for asset in self._atlas.assets if any(row.venue == venue for row in self._atlas.of_asset(asset))]

    def _unknown(self, asset: str, venue: str | None) -> AssetUnknown:
        facts: dict[str, object] = {"asset": asset, "suggestions": ", ".join(self._atlas.suggestions(asset))}
        return AssetUnknown(**facts) if venue is None else AssetUnknown(**facts, venue=venue)

    def _take(self, trade: Trade) -> None:
        mapped = self._atlas.of_symbol(trade.venue, trade.symbol)
        if not mapped:
            self.trades_unmapped += 1
            return
        held = self._ticks.get((trade.venue, trade.symbol))
        if held is not None and trade.exchange_time_ns < held.exchange_time_ns:
            self.trades_late += 1
            return
        self._ticks[trade.venue, trade.symbol] = trade
        for row in mapped:
            rows = self._atlas.of_asset(row.asset)
            if len(rows) == 1 or self._serving(rows, trade.received_monotonic_ns) is trade:
                self._publish(row, trade)

    def _serving(self, rows: Iterable[MappedAsset], now_ns: int) -> Trade | None:
        ticks = (self._ticks.get((row.venue, row.symbol)) for row in rows)
        return serving(ticks, now_monotonic_ns=now_ns, usable_for_ns=self._usable_for_ns)

    def _publish(self, row: MappedAsset, trade: Trade) -> None:
        try:
            self._book.publish(
                row.asset,
                trade.price,
                row.quote,
                trade.venue,
                self._source(trade.venue),
                exchange_time_ns=trade.exchange_time_ns,
                received_monotonic_ns=trade.received_monotonic_ns,
                usable_for_ns=self._usable_for_ns,
                prewarmed=row.prewarm or self._atlas.is_prewarmed(row.asset),
            )
        except ValueError as error:
            if not self.publishes_refused:  # Every further trade would say the same; the counter goes on.
                _log.error("price not published", error=error, asset=row.asset, venue=trade.venue)
            self.publishes_refused += 1

    def _publish_all(self) -> None:
        self._published_for_ns = self._usable_for_ns
        now_ns = self._clock.monotonic_ns()
        for asset in self._atlas.assets:
            rows = self._atlas.of_asset(asset)
            trade = self._serving(rows, now_ns)
            if trade is not None:
                self._publish(next(row for row in rows if (row.venue, row.symbol) == (trade.venue, trade.symbol)), trade)

    def _announce(self, assets: Iterable[Asset]) -> None:
        for asset in assets:
            self._book.announce(asset, prewarmed=self._atlas.is_prewarmed(asset))

    def _source(self, venue: Venue) -> str:
        return f"{self._prefix}{venue}-ws"


def _missing(asset: str, error: TrinityError) -> Missing:
    return Missing(asset, error.code, dict(error.facts))
