"""Bringing the map in line with an audit or a venue's list: shown first, then saved as one batch by the asset editor."""

from collections.abc import Sequence
from dataclasses import dataclass

from trinity_beast.clock import Clock
from trinity_beast.feeds.auditing.model import AuditState
from trinity_beast.feeds.auditing.parameters import DISCOVER_SECONDS
from trinity_beast.feeds.auditing.service import Audits
from trinity_beast.feeds.auditing.survey import survey
from trinity_beast.feeds.discovering.model import Candidate, Plan
from trinity_beast.feeds.discovering.planning import Key, plan_of_audit, plan_of_list
from trinity_beast.feeds.discovering.service import Discovery
from trinity_beast.feeds.editing import AssetEditor, MapFilter, MapRow
from trinity_beast.feeds.errors import AuditUnfinished, PlanChanged, VenueAway
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.feeds.moment import nanoseconds
from trinity_beast.feeds.rest import Listings
from trinity_beast.parameters import Readings
from trinity_beast.words import Asset, Symbol, Venue

PAGE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class FromAudit:
    """An audit's proposals: those named, or all. `retire` switches off what is gone and has no replacement."""

    audit_id: int
    accepted: frozenset[Key] | None = None
    retire: bool = False


@dataclass(frozen=True, slots=True)
class FromList:
    """A venue's list: its rows by the names they have now; and as new rows the `add` most traded assets, and those named."""

    venue: Venue
    add: int = 0
    assets: tuple[str, ...] = ()
    quote: str = ""
    prewarm: bool = False
    retire: bool = False


@dataclass(frozen=True, slots=True)
class Synced:
    """What would be changed, or was: then `rows` are the rows as they are stored now."""

    plan: Plan
    is_applied: bool
    rows: tuple[MapRow, ...] = ()


class Syncer:
    """Changes the map by what was found out. It never deletes a row."""

    def __init__(
        self,
        audits: Audits,
        discovery: Discovery,
        listings: Listings,
        editor: AssetEditor,
        *,
        clock: Clock,
        readings: Readings | None = None,
    ) -> None:
        self._audits, self._discovery, self._listings, self._editor, self._clock = audits, discovery, listings, editor, clock
        self._seconds = (readings or Readings()).of(DISCOVER_SECONDS)

    async def preview(self, source: FromAudit | FromList) -> Synced:
        """Return what would be changed; nothing is.

        Raises:
            AuditUnknown, AuditUnfinished: there is no such audit, or it found nothing yet.
            VenueUnknown, VenueUnlisted, VenueAway: as for a discovery.
        """
        return Synced(await self._plan(source), is_applied=False)

    async def apply(self, source: FromAudit | FromList, *, plan: str, by: str) -> Synced:
        """Make the changes that were shown as `plan`, all of them or none, and return them with the rows as they are now.

        Raises:
            PlanChanged: the same would come to other changes by now.
            MapRowsInvalid, ChangedMeanwhile: as for `AssetEditor.save`.
            AuditUnknown, AuditUnfinished, VenueUnknown, VenueUnlisted, VenueAway: as for `preview`.
        """
        now = await self._plan(source)
        if now.digest != plan:
            raise PlanChanged(plan=now.digest, wanted=plan)
        if not now.changes:
            return Synced(now, is_applied=True)
        rows = await self._editor.save([change.after for change in now.changes], by=by)
        return Synced(now, True, tuple(rows))

    async def _plan(self, source: FromAudit | FromList) -> Plan:
        match source:
            case FromAudit(audit_id, accepted, retire):
                audit = await self._audits.read(audit_id)
                if audit.state is not AuditState.DONE:
                    raise AuditUnfinished(audit=audit_id, state=audit.state.value)
                results = await self._audits.results(audit_id)
                return plan_of_audit(results, await self._rows(), accepted=accepted, retire=retire)
            case FromList():
                return await self._plan_of_list(source)

    async def _plan_of_list(self, source: FromList) -> Plan:
        self._discovery.check(source.venue)
        rows, candidates = await self._rows(), await self._candidates(source)
        wanted = [_mapped(row.asset, row.venue, row.symbol, row.quote) for row in rows.values() if row.venue == source.venue]
        wanted += [_mapped(one.asset, source.venue, one.symbol, one.quote) for one in candidates]
        ends_ns = self._clock.monotonic_ns() + nanoseconds(self._seconds.value)
        seen = await survey(source.venue, wanted, self._listings, ends_ns=ends_ns, stepped=_unheeded)
        if seen.products is None:
            raise VenueAway(venue=source.venue, reason=seen.problem)
        alive = [one for one in candidates if (product := seen.product(one.symbol)) is not None and product.is_alive is not False]
        return plan_of_list(source.venue, seen, rows, alive, prewarm=source.prewarm, retire=source.retire)

    async def _candidates(self, source: FromList) -> Sequence[Candidate]:
        if not source.add and not source.assets:
            return ()
        found = (await self._discovery.find(source.venue, quote=source.quote, limit=PAGE_ROWS)).candidates
        named = [one for one in found if one.asset in source.assets]
        return [*named, *(one for one in found[: source.add] if one not in named)]

    async def _rows(self) -> dict[Key, MapRow]:
        """Return the whole map, page by page; where a page ends rises, so it ends."""
        rows: dict[Key, MapRow] = {}
        after: tuple[str, str] | None = None
        while True:
            page = await self._editor.listing(MapFilter(after=after, limit=PAGE_ROWS))
            rows |= {(row.asset, row.venue): row for row in page.rows}
            after = page.next_after
            if after is None:
                return rows


def _mapped(asset: str, venue: str, symbol: str, quote: str) -> MappedAsset:
    return MappedAsset(Asset(asset), Venue(venue), Symbol(symbol), quote)


def _unheeded() -> None:
    """Let a step pass."""
