"""What pricing counted: the watch over silence, the prices, and what is fetched on demand."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trinity_beast.pricing.demand import Demand
from trinity_beast.pricing.errands import Errands
from trinity_beast.pricing.metrics import ASSETS, COUNTED, STANDING
from trinity_beast.pricing.service import Prices
from trinity_beast.pricing.watch import Watch
from trinity_beast.telemetry import Finding, Sample

STATES = ("live", "quiet", "rest", "halted", "stale", "unavailable")


@dataclass(frozen=True, slots=True)
class Tallies:
    """Reads the counters of all of them."""

    prices: Prices
    watch: Watch
    demand: Demand
    errands: Errands

    def counted(self) -> Mapping[str, Mapping[str, int]]:
        """Return what has been counted since the start, by part."""
        prices, watch = self.prices, self.watch
        return {
            "liveness": {
                **{f"verdicts_{verdict.name.lower()}": count for verdict, count in watch.verdicts.items()},
                "renewals": watch.renewals,
                "looks_put_off": watch.looks_put_off,
                "looks_spared": watch.looks_spared,
                "attended": watch.attended,
            },
            "prices": {
                "trades_unmapped": prices.trades_unmapped,
                "trades_late": prices.trades_late,
                "jumps_held": prices.jumps_held,
                "venues_switched": prices.serving.venues_switched,
                "publishes_refused": prices.serving.publishes_refused,
            },
            "demand": {"datagrams": self.errands.datagrams, "fetched_for_datagrams": self.errands.fetched},
        }

    def standing(self) -> Mapping[str, Mapping[str, int]]:
        """Return how it stands now, by part: prewarmed assets by what is told of them, and what is watched and kept warm."""
        states = Counter(self.prices.told_state(asset) for asset in self.prices.prewarmed())
        return {
            "assets": {state: states[state] for state in STATES},
            "liveness": {"watched": self.watch.watched, "looks_under_way": self.watch.looks_under_way},
            "demand": {"kept_warm": self.demand.kept_warm},
        }

    def samples(self) -> Iterator[Sample]:
        """Give all of it as metrics."""
        for part, counts in self.counted().items():
            for name, count in counts.items():
                yield COUNTED[part][name].at(count)
        standing = self.standing()
        for state, count in standing["assets"].items():
            yield ASSETS.at(count, state)
        for part, metrics in STANDING.items():
            for name, metric in metrics.items():
                yield metric.at(standing[part][name])

    async def finding(self) -> Finding:
        """Find fault when the watch has ended, or when assets are held and not one can be served. A `Probe`."""
        assets = self.standing()["assets"]
        held, unserved = sum(assets.values()), assets["stale"] + assets["unavailable"]
        facts = {**{state: count for state, count in assets.items() if count}, **self.counted()["liveness"]}
        if not self.watch.is_running:
            return Finding(is_ok=False, reason="the watch over silence has ended", facts=facts)
        if held and unserved == held:
            return Finding(is_ok=False, reason=f"none of {held} assets can be served", facts=facts)
        return Finding(is_ok=True, facts=facts)
