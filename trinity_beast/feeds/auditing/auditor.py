"""An audit carried out: every venue surveyed at once, every row judged by the rules."""

import asyncio
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Protocol

from trinity_beast.clock import Clock
from trinity_beast.feeds.auditing.layers import ListSeen, Told, agrees, answers, delivers, listed, needs_look
from trinity_beast.feeds.auditing.model import Answered, AuditedAsset, Finding, Outcome
from trinity_beast.feeds.auditing.parameters import AUDIT_DRIFT_PERCENT, AUDIT_SECONDS
from trinity_beast.feeds.auditing.proposals import DOLLARS, proposal_of
from trinity_beast.feeds.auditing.survey import survey
from trinity_beast.feeds.feeds import Feeds
from trinity_beast.feeds.model import FeedState, FeedStatus, MappedAsset
from trinity_beast.feeds.moment import nanoseconds
from trinity_beast.feeds.rest import Listings, Look, Looks, Urgency
from trinity_beast.parameters import Readings
from trinity_beast.words import Asset, Symbol, Venue

SURVEY_SHARE = 0.8
"""How much of an audit's time its lists may take; the rest is for looks at what seems wrong."""
Step = Callable[[], None]


class Answers(Protocol):
    """What the node answers with. `pricing` keeps this."""

    def held(self, asset: Asset, venue: Venue) -> Answered:
        """Return what there is of one venue."""
        ...

    async def asked(self, asset: Asset, *, ends_ns: int) -> Answered:
        """Return what a request for the asset is told. Nobody is charged for it, and nothing is kept warm by it."""
        ...


@dataclass(slots=True)
class Round:
    """One audit under way: what was gathered, and by when (monotonic) it must be over."""

    rows: Sequence[MappedAsset]
    of_asset: Mapping[Asset, Sequence[MappedAsset]]
    held: Set[tuple[Venue, Symbol]]
    ends_ns: int
    statuses: Mapping[Venue, FeedStatus]
    stepped: Step
    lists: Mapping[Venue, ListSeen] = field(default_factory=dict)
    answered: dict[Asset, asyncio.Task[Answered]] = field(default_factory=dict)


class Auditor:
    """Looks at every row of the map in four ways."""

    def __init__(self, feeds: Feeds, listings: Listings, looks: Looks, answers_: Answers, *, clock: Clock, readings: Readings) -> None:
        self._feeds, self._listings, self._looks, self._answers, self._clock = feeds, listings, looks, answers_, clock
        self._seconds, self._percent = readings.of(AUDIT_SECONDS), readings.of(AUDIT_DRIFT_PERCENT)

    def venues(self) -> list[Venue]:
        """Return the venues whose feeds are on at this node: those that can be audited."""
        return [status.venue for status in self._feeds.status() if status.state is not FeedState.OFF]

    async def run(self, rows: Sequence[MappedAsset], asset_map: Sequence[MappedAsset], stepped: Step) -> list[AuditedAsset]:
        """Audit `rows` of the map and return them in their order. `stepped` is called twice for each row.

        What venues have not answered within `audit_seconds` is unproven; it always ends shortly after.
        """
        now_ns, seconds = self._clock.monotonic_ns(), self._seconds.value
        statuses = {status.venue: status for status in self._feeds.status()}
        on = [row for row in asset_map if row.enabled]
        of_asset: dict[Asset, list[MappedAsset]] = {}
        for row in on:
            of_asset.setdefault(row.asset, []).append(row)
        held = {(row.venue, row.symbol) for row in on if row.prewarm}
        audit = Round(rows, of_asset, held, now_ns + nanoseconds(seconds), statuses, stepped)
        audit.lists = await self._surveyed(audit, now_ns + nanoseconds(seconds * SURVEY_SHARE))
        try:
            return list(await asyncio.gather(*(self._judged(audit, row) for row in rows)))
        finally:
            for task in audit.answered.values():
                task.cancel()

    async def _surveyed(self, audit: Round, ends_ns: int) -> dict[Venue, ListSeen]:
        """Return the list of every venue that is on: those whose rows are audited, and the others for what they could offer."""
        venues = self.venues()
        of_venue = {venue: [row for row in audit.rows if row.venue == venue] for venue in venues}
        seen = await asyncio.gather(
            *(survey(venue, of_venue[venue], self._listings, ends_ns=ends_ns, stepped=audit.stepped) for venue in venues)
        )
        return dict(zip(venues, seen, strict=True))

    async def _judged(self, audit: Round, row: MappedAsset) -> AuditedAsset:
        await asyncio.sleep(0)  # A thousand rows must not hold the loop up.
        seen = audit.lists.get(row.venue, ListSeen(None, "its feed is off"))
        delivered, compared, answered = await asyncio.gather(
            self._delivered(audit, row), self._compared(audit, row), self._asked(audit, row)
        )
        findings = (listed(row, seen), delivered, compared, answers(row, answered))
        known = self._known_price(audit, row)
        proposal = proposal_of(row, findings, audit.lists, audit.of_asset.get(row.asset, ()), known_price=known)
        audit.stepped()
        return AuditedAsset(row.asset, row.venue, row.symbol, row.quote, row.prewarm, findings, proposal)

    async def _delivered(self, audit: Round, row: MappedAsset) -> Finding:
        # Two assets may share a symbol, of which one has it held for both.
        row = replace(row, prewarm=(row.venue, row.symbol) in audit.held)
        status, held = audit.statuses.get(row.venue), self._answers.held(row.asset, row.venue)
        found = delivers(row, status, held)
        if not needs_look(found) or not self._looks.can_look(row.venue):
            return found
        look = await self._look(audit, row)
        return delivers(row, status, self._answers.held(row.asset, row.venue), look)

    async def _compared(self, audit: Round, row: MappedAsset) -> Finding:
        """Compare prices; what seems to drift from REST is looked at once more, for both told theirs at different moments."""
        own, rest, others = self._socket_price(row), self._rest_price(audit, row), self._others(audit, row)
        must_ask = rest is None and not others and self._looks.can_look(row.venue)
        found = agrees(row, own, rest, others, percent=self._percent.value)
        if not must_ask and found.reason != "drifts_from_rest":
            return found
        look = await self._look(audit, row)
        if look.trade is None:
            return found
        return agrees(row, self._socket_price(row), look.trade.price, others, percent=self._percent.value)

    async def _asked(self, audit: Round, row: MappedAsset) -> Answered:
        """Ask for an asset once, however many venues price it."""
        task = audit.answered.get(row.asset)
        if task is None:
            asking = self._answers.asked(row.asset, ends_ns=audit.ends_ns)
            task = audit.answered[row.asset] = asyncio.ensure_future(asking)
        return await asyncio.shield(task)

    async def _look(self, audit: Round, row: MappedAsset) -> Look:
        return await self._looks.last_trade(row.venue, row.symbol, Urgency.AUDIT, ends_ns=audit.ends_ns)

    def _socket_price(self, row: MappedAsset) -> str | None:
        """Return what a row's feed read last, believed or not: a price that is held back for its jump is to be seen here."""
        last = self._feeds.last_known(row.venue, row.symbol)
        return last.price if last is not None else None

    def _rest_price(self, audit: Round, row: MappedAsset) -> str | None:
        """Return what the venue's own list of prices tells, of a market that is traded; the dead keep their last for ever."""
        seen = audit.lists.get(row.venue)
        product = seen.product(row.symbol) if seen is not None else None
        return product.price if product is not None and product.is_alive is not False else None

    def _others(self, audit: Round, row: MappedAsset) -> list[Told]:
        """Return what other venues tell of the asset: by their REST, else by our feed of them."""
        rows = [other for other in audit.of_asset.get(row.asset, ()) if other.venue != row.venue]
        told = ((other, self._rest_price(audit, other) or self._socket_price(other)) for other in rows if other.venue in audit.lists)
        return [Told(other.venue, price) for other, price in told if price is not None and _are_comparable(row.quote, other.quote)]

    def _known_price(self, audit: Round, row: MappedAsset) -> str | None:
        """Return about what the asset costs, by whoever knows: other venues first, then what its own feed read last."""
        others = self._others(audit, row)
        return others[0].price if others else self._socket_price(row)


def _are_comparable(one: str, other: str) -> bool:
    """Return whether prices in two quotes may be compared: what a dollar coin costs more or less than a dollar is within the bound."""
    return one == other or {one, other} <= set(DOLLARS)


def worst_first(audited: AuditedAsset) -> tuple[int, str, str]:
    """Return where a row stands when the broken come first."""
    order = {Outcome.FAILED: 0, Outcome.UNPROVEN: 1}
    worst = audited.worst
    return (order[worst.outcome] if worst is not None else 2, audited.venue, audited.asset)
