"""Every SQL statement of the audits."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from trinity_beast.feeds.auditing.model import (
    Audit,
    AuditedAsset,
    AuditState,
    Finding,
    Layer,
    Outcome,
    Proposal,
    ProposalKind,
    WantedAudit,
)
from trinity_beast.feeds.tables import prewarm_audit_results, prewarm_audits
from trinity_beast.words import Asset, Symbol, Venue

_RUNNING = AuditState.RUNNING.value


async def hold_audits(tx: AsyncConnection) -> None:
    """Let nobody else begin an audit until the transaction ends."""
    await tx.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("prewarm_audits", 0))))


async def running(tx: AsyncConnection) -> Audit | None:
    """Return the audit under way, on whichever node."""
    row = (await tx.execute(sa.select(prewarm_audits).where(prewarm_audits.c.state == _RUNNING))).mappings().one_or_none()
    return None if row is None else _audit(row)


async def insert_audit(tx: AsyncConnection, wanted: WantedAudit, *, by: str, node: str, total: int, at: datetime) -> int:
    """Note that an audit begins, and return its number."""
    values = {"started_at": at, "started_by": by, "node": node, "venues": list(wanted.venues), "only_prewarmed": wanted.only_prewarmed}
    insert = sa.insert(prewarm_audits).values(**values, state=_RUNNING, total=total, beat_at=at).returning(prewarm_audits.c.id)
    return int((await tx.execute(insert)).scalar_one())


async def beat(tx: AsyncConnection, audit_id: int, *, done: int, at: datetime) -> bool:
    """Note how far an audit is; whether it still is one that runs."""
    table = prewarm_audits
    changed = await tx.execute(sa.update(table).where(table.c.id == audit_id, table.c.state == _RUNNING).values(done=done, beat_at=at))
    return changed.rowcount == 1


async def finish(
    tx: AsyncConnection, audit_id: int, *, at: datetime, seconds: float, counts: Mapping[str, int], results: Sequence[AuditedAsset]
) -> bool:
    """Keep what an audit found; False where somebody has called it broken meanwhile."""
    table = prewarm_audits
    values = {"state": AuditState.DONE.value, "done": table.c.total, "beat_at": at, "finished_at": at, "seconds": seconds}
    changed = await tx.execute(
        sa.update(table).where(table.c.id == audit_id, table.c.state == _RUNNING).values(**values, counts=dict(counts))
    )
    if changed.rowcount == 1 and results:
        await tx.execute(sa.insert(prewarm_audit_results), [_row(audit_id, place, one) for place, one in enumerate(results)])
    return changed.rowcount == 1


async def mark_broken(tx: AsyncConnection, *, why: str, at: datetime, audit_id: int | None = None, node: str | None = None) -> list[int]:
    """Call audits broken that are said to run and do not: one, or all of a node; return their numbers."""
    table = prewarm_audits
    chosen = sa.update(table).where(table.c.state == _RUNNING)
    chosen = chosen if audit_id is None else chosen.where(table.c.id == audit_id)
    chosen = chosen if node is None else chosen.where(table.c.node == node)
    found = await tx.execute(chosen.values(state=AuditState.BROKEN.value, finished_at=at, told=why).returning(table.c.id))
    return [int(number) for number in found.scalars()]


async def forget_oldest(tx: AsyncConnection, *, kept: int) -> None:
    """Drop all but the newest `kept` audits, and what they found."""
    table = prewarm_audits
    newest = sa.select(table.c.id).order_by(table.c.id.desc()).limit(kept)
    await tx.execute(sa.delete(table).where(table.c.id.not_in(newest)))


async def audit(tx: AsyncConnection, audit_id: int) -> Audit | None:
    """Return one audit."""
    row = (await tx.execute(sa.select(prewarm_audits).where(prewarm_audits.c.id == audit_id))).mappings().one_or_none()
    return None if row is None else _audit(row)


async def audits(tx: AsyncConnection, *, before: int | None, limit: int) -> list[Audit]:
    """Return audits, newest first, those below `before` where it is given."""
    query = sa.select(prewarm_audits).order_by(prewarm_audits.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(prewarm_audits.c.id < before)
    return [_audit(row) for row in (await tx.execute(query)).mappings()]


async def results(tx: AsyncConnection, audit_id: int, *, verdicts: Iterable[str] = ()) -> list[AuditedAsset]:
    """Return what an audit found, worst first, of these verdicts alone where some are named."""
    table = prewarm_audit_results
    query = sa.select(table).where(table.c.audit == audit_id).order_by(table.c.place)
    if wanted := list(verdicts):
        query = query.where(table.c.verdict.in_(wanted))
    return [_audited(row) for row in (await tx.execute(query)).mappings()]


def _row(audit_id: int, place: int, one: AuditedAsset) -> dict[str, object]:
    kept = {"asset": one.asset, "venue": one.venue, "symbol": one.symbol, "quote": one.quote, "prewarm": one.prewarm}
    layers = [
        {"layer": each.layer, "outcome": each.outcome, "reason": each.reason, "told": each.told, "evidence": dict(each.evidence)}
        for each in one.findings
    ]
    offered = one.proposal
    proposal = (
        {"kind": offered.kind, "why": offered.why, "venue": offered.venue, "symbol": offered.symbol, "quote": offered.quote}
        if offered is not None
        else None
    )
    return {"audit": audit_id, "place": place, **kept, "verdict": one.verdict.value, "layers": layers, "proposal": proposal}


def _audited(row: Mapping[Any, Any]) -> AuditedAsset:
    findings = tuple(
        Finding(Layer(each["layer"]), Outcome(each["outcome"]), each["reason"], each["told"], each["evidence"]) for each in row["layers"]
    )
    offered = row["proposal"]
    proposal = Proposal(**{**offered, "kind": ProposalKind(offered["kind"])}) if offered is not None else None
    return AuditedAsset(
        Asset(row["asset"]), Venue(row["venue"]), Symbol(row["symbol"]), row["quote"], row["prewarm"], findings, proposal
    )  # fmt: skip


def _audit(row: Mapping[Any, Any]) -> Audit:
    return Audit(
        audit_id=row["id"],
        started_at=row["started_at"],
        started_by=row["started_by"],
        node=row["node"],
        wanted=WantedAudit(tuple(row["venues"]), row["only_prewarmed"]),
        state=AuditState(row["state"]),
        done=row["done"],
        total=row["total"],
        beat_at=row["beat_at"],
        finished_at=row["finished_at"],
        seconds=row["seconds"],
        told=row["told"],
        counts=row["counts"],
    )
