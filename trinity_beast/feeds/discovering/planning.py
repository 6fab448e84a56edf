"""What of the map would be changed, reckoned before anything is: from an audit's proposals, or from a venue's list. Pure.

Nothing is ever deleted. A row is switched off only where its market is gone and another takes its place, or where that was
asked for.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from trinity_beast.feeds.auditing.layers import ListSeen, listed
from trinity_beast.feeds.auditing.model import AuditedAsset, Layer, Outcome, Proposal, ProposalKind
from trinity_beast.feeds.discovering.model import Candidate, ChangeKind, LeftAlone, Plan, PlannedChange
from trinity_beast.feeds.editing import MapRow, WantedMapRow
from trinity_beast.feeds.editing.mapping import may_be_mapped
from trinity_beast.feeds.model import MappedAsset
from trinity_beast.words import Asset, Symbol, Venue

Key = tuple[str, str]
CHANGES_MAX = 1_000
_TOLD = ("asset", "venue", "symbol", "quote", "enabled", "prewarm", "category", "expected_version")


def plan_of_audit(audited: Iterable[AuditedAsset], rows: Mapping[Key, MapRow], *, accepted: frozenset[Key] | None, retire: bool) -> Plan:
    """Return what an audit's proposals come to; `accepted` names whose, None all. A row changed since the audit is left alone."""
    changes: dict[Key, PlannedChange] = {}
    left = []
    chosen = [one for one in audited if accepted is None or (one.asset, one.venue) in accepted]
    for one in chosen:
        row = rows.get((one.asset, one.venue))
        if one.proposal is None:
            if accepted is not None:
                left.append(LeftAlone(one.asset, one.venue, "the audit found nothing broken in it"))
        elif row is None or row.symbol != one.symbol:
            left.append(LeftAlone(one.asset, one.venue, "it was changed since the audit"))
        elif one.proposal.kind is ProposalKind.NONE:
            if retire and _is_gone(one):
                _put(changes, _switched_off(row, one.proposal.why))
            else:
                left.append(LeftAlone(one.asset, one.venue, one.proposal.why))
        else:
            for change in _of_proposal(row, one.proposal, rows):
                _put(changes, change)
    unknown = (accepted or frozenset()) - {(one.asset, one.venue) for one in chosen}
    left += [LeftAlone(asset, venue, "the audit did not look at it") for asset, venue in sorted(unknown)]
    return _whole(changes, left)


def plan_of_list(
    venue: Venue, seen: ListSeen, rows: Mapping[Key, MapRow], candidates: Sequence[Candidate], *, prewarm: bool, retire: bool
) -> Plan:  # fmt: skip
    """Return what a venue's list comes to: its rows by the names they have now, and `candidates` as new rows."""
    changes: dict[Key, PlannedChange] = {}
    left = []
    for row in (row for row in rows.values() if row.venue == venue and row.enabled):
        found = listed(MappedAsset(Asset(row.asset), venue, Symbol(row.symbol), row.quote), seen)
        name = found.evidence.get("alias") or found.evidence.get("symbol")
        product = seen.product(name) if name else None
        quote = product.quote.upper() or row.quote if product is not None else ""
        if product is not None and product.is_alive is not False and may_be_mapped(asset=row.asset, symbol=product.symbol, quote=quote):
            wanted = replace(_as_is(row), symbol=product.symbol, quote=quote)
            _put(changes, PlannedChange(ChangeKind.RENAME, row, wanted, found.told))
        elif found.outcome is Outcome.FAILED and retire:
            _put(changes, _switched_off(row, found.told))
        elif found.outcome is not Outcome.PASSED:
            left.append(LeftAlone(row.asset, row.venue, found.told))
    for one in candidates:
        category = next((row.category for row in rows.values() if row.asset == one.asset and row.category), "")
        wanted = WantedMapRow(one.asset, venue, one.symbol, one.quote, enabled=True, prewarm=prewarm, category=category, expected_version=0)
        _put(changes, PlannedChange(ChangeKind.ADD, None, wanted, f"{venue} trades it as {one.symbol}"))
    return _whole(changes, left)


def _of_proposal(row: MapRow, offered: Proposal, rows: Mapping[Key, MapRow]) -> list[PlannedChange]:
    if offered.kind is not ProposalKind.MOVE:
        kind = ChangeKind.RENAME if offered.kind is ProposalKind.RENAME else ChangeKind.REQUOTE
        return [PlannedChange(kind, row, replace(_as_is(row), symbol=offered.symbol, quote=offered.quote), offered.why)]
    there = rows.get((row.asset, offered.venue))
    away = [_switched_off(row, offered.why)]
    if there is None:
        wanted = WantedMapRow(
            row.asset, offered.venue, offered.symbol, offered.quote, True, row.prewarm, row.category, expected_version=0
        )  # fmt: skip
        return [PlannedChange(ChangeKind.ADD, None, wanted, offered.why), *away]
    wanted = replace(_as_is(there), enabled=True, prewarm=there.prewarm or row.prewarm)
    if wanted == _as_is(there):
        return away
    return [PlannedChange(ChangeKind.SWITCH_ON, there, wanted, offered.why), *away]


def _is_gone(one: AuditedAsset) -> bool:
    return any(finding.layer is Layer.LISTED and finding.outcome is Outcome.FAILED for finding in one.findings)


def _switched_off(row: MapRow, why: str) -> PlannedChange:
    return PlannedChange(ChangeKind.SWITCH_OFF, row, replace(_as_is(row), enabled=False), why)


def _as_is(row: MapRow) -> WantedMapRow:
    return WantedMapRow(
        row.asset, row.venue, row.symbol, row.quote, row.enabled, row.prewarm, row.category, expected_version=row.version
    )  # fmt: skip


def _put(changes: dict[Key, PlannedChange], change: PlannedChange) -> None:
    """Take a change, unless its row is changed already: a batch holds each row once, and switching on outlasts switching off."""
    key = (change.after.asset, change.after.venue)
    known = changes.get(key)
    if known is None or (known.kind is ChangeKind.SWITCH_OFF and change.kind is not ChangeKind.SWITCH_OFF):
        changes[key] = change


def _whole(changes: Mapping[Key, PlannedChange], left: Sequence[LeftAlone]) -> Plan:
    ordered = [changes[key] for key in sorted(changes)]
    beyond = [LeftAlone(one.after.asset, one.after.venue, f"more than {CHANGES_MAX} at once") for one in ordered[CHANGES_MAX:]]
    kept = tuple(ordered[:CHANGES_MAX])
    return Plan(kept, (*left, *beyond), _digest(kept))


def _digest(changes: Sequence[PlannedChange]) -> str:
    """Return a name for exactly these changes: whoever applies them names what they were shown."""
    told = [(change.kind.value, *(getattr(change.after, name) for name in _TOLD)) for change in changes]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
