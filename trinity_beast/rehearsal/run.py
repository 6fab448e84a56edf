"""One fault at one venue, from the order until all is well again: when it showed, when it was over, what was told meanwhile. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from trinity_beast.rehearsal.model import SECOND_NS, Judgement, Market, Refused, Tally, Told
from trinity_beast.rehearsal.scenarios import Scenario
from trinity_beast.words import Asset


@dataclass(slots=True)
class Run:
    """`markets` are the symbols concerned: those whose asset the venue answered for when the fault began."""

    scenario: Scenario
    markets: Mapping[Asset, Market]
    begun_ns: int
    reach: str = "venue"
    counts_before: Mapping[str, int] = field(default_factory=dict)
    cleared_ns: int | None = None
    counted_ns: int | None = None
    left_ns: dict[Asset, int] = field(default_factory=dict)
    back_ns: dict[Asset, int] = field(default_factory=dict)
    excused: set[Asset] = field(default_factory=set)
    tally: Tally = field(default_factory=Tally)
    problems: list[str] = field(default_factory=list)

    def told(self, told: Told) -> None:
        """Take in a price that was told of an asset concerned."""
        market = self.markets.get(told.asset)
        if market is None or told.asked.venue is not None:
            return
        if self.cleared_ns is None:
            is_fine = comes_by_socket(told, market) if self.scenario.is_harmless else is_well(told, market)
        else:
            is_fine = comes_by_socket(told, market)
        if not is_fine:
            self._unwell(told.asset, told.asked.at_ns)
        elif self.cleared_ns is not None and told.exchange_time_ns > self.cleared_ns:
            self.back_ns.setdefault(told.asset, told.heard_ns)

    def refused(self, refused: Refused) -> None:
        """Take in that an asset was not priced. One refused for its age alone, which the question bounded, tells nothing."""
        if refused.asset in self.markets and refused.asked.max_age_ms is None and refused.asked.venue is None:
            self._unwell(refused.asset, refused.asked.at_ns)

    def _unwell(self, asset: Asset, asked_ns: int) -> None:
        if self.cleared_ns is None and asked_ns >= self.begun_ns:
            self.left_ns.setdefault(asset, asked_ns)
        if self.cleared_ns is not None and asked_ns >= self.cleared_ns:
            self.back_ns.pop(asset, None)

    def counted(self, counts: Mapping[str, int], now_ns: int) -> None:
        """Take in what the feed has counted so far."""
        grown = any(counts.get(name, 0) > self.counts_before.get(name, 0) for name in self.scenario.by_counts)
        if grown and self.counted_ns is None:
            self.counted_ns = now_ns

    def cleared(self, now_ns: int) -> None:
        """Note that the fault is over."""
        self.cleared_ns = now_ns

    def excuse(self, assets: Iterable[Asset]) -> None:
        """Wait for these no longer: nothing was traded of them since the fault ended, so nothing can have come by the socket."""
        self.excused.update(assets)

    def judged(self, told: Told, judgement: Judgement) -> None:
        """Take in what the oracle says of a price."""
        note(self.tally, told, judgement)

    @property
    def has_shown(self) -> bool:
        """Whether all that must show has shown."""
        if self.scenario.by_prices:
            return len(self.left_ns) == len(self.markets)
        return bool(self.scenario.by_counts) and self.counted_ns is not None

    @property
    def missing(self) -> list[Asset]:
        """The assets that are not back yet."""
        return [asset for asset in self.markets if asset not in self.back_ns and asset not in self.excused]

    @property
    def noticed_seconds(self) -> float | None:
        """How long it took until anything showed: a price, or a counter where the fault is known by one."""
        shown = [*self.left_ns.values(), *([self.counted_ns] if self.counted_ns is not None else [])]
        return (min(shown) - self.begun_ns) / SECOND_NS if shown else None

    @property
    def shown_seconds(self) -> float | None:
        """How long it took until no price of the symbols concerned was called live by its socket, of those that changed at all."""
        return (max(self.left_ns.values()) - self.begun_ns) / SECOND_NS if self.left_ns else None

    @property
    def recovered_seconds(self) -> float | None:
        """How long after the fault's end every asset concerned came by its socket again, with a trade printed since then."""
        if self.cleared_ns is None or self.missing or not self.back_ns:
            return None
        return (max(self.back_ns.values()) - self.cleared_ns) / SECOND_NS


def is_well(told: Told, market: Market) -> bool:
    """Return whether a price is as it is on a good day: live, by the socket of its own venue."""
    return told.state == "live" and comes_by_socket(told, market)


def comes_by_socket(told: Told, market: Market) -> bool:
    """Return whether a price came by the socket of its own venue, be it live or proven quiet: such a pause is no fault."""
    return told.venue == market.venue and told.source.endswith("-ws")


def note(tally: Tally, told: Told, judgement: Judgement, *, evidence_max: int = 20) -> None:
    """Count a judged price."""
    tally.judged[told.asked.protocol] += 1
    if judgement.unprovable is not None:
        tally.unprovable[judgement.unprovable] = tally.unprovable.get(judgement.unprovable, 0) + 1
    if judgement.findings:
        first = judgement.findings[0]
        tally.wrong[first.lie] = tally.wrong.get(first.lie, 0) + 1
        if len(tally.evidence) < evidence_max:
            tally.evidence.append(first)
