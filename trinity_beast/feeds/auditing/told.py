"""What is answered over the admin API about audits, and how the nouns become it."""

from pydantic import BaseModel

from trinity_beast.feeds.auditing.model import Audit, AuditedAsset, Finding
from trinity_beast.web import timestamp_of


class LayerTold(BaseModel):
    """What one of the four layers found. `reason` is for programs, `told` for people."""

    layer: str
    outcome: str
    reason: str
    told: str
    evidence: dict[str, str]


class ProposalTold(BaseModel):
    """What could be mapped in place of a broken row: `rename`, `requote`, `move`, or `none` and why."""

    kind: str
    why: str
    venue: str
    symbol: str
    quote: str


class AuditedTold(BaseModel):
    """One row of the map after its audit. `layer` and `reason` are those of the worst that was found."""

    asset: str
    venue: str
    symbol: str
    quote: str
    prewarm: bool
    verdict: str
    layer: str
    reason: str
    layers: list[LayerTold]
    proposal: ProposalTold | None


class AuditTold(BaseModel):
    """One audit. `done` of `total` steps are behind it, two for each row; `counts` tells how many rows came to which verdict."""

    audit: int
    state: str
    started_at: str
    started_by: str
    node: str
    venues: list[str]
    only_prewarmed: bool
    done: int
    total: int
    finished_at: str | None
    seconds: float | None
    told: str
    counts: dict[str, int]


class AuditWithResults(AuditTold):
    """One audit and what it found, the broken first; nothing while it runs, or where it was cut off."""

    results: list[AuditedTold]


class AuditsTold(BaseModel):
    """The audits that are kept, newest first."""

    audits: list[AuditTold]


def audit_told(audit: Audit) -> AuditTold:
    """Shape an audit."""
    return AuditTold(
        audit=audit.audit_id,
        state=audit.state.value,
        started_at=timestamp_of(audit.started_at),
        started_by=audit.started_by,
        node=audit.node,
        venues=list(audit.wanted.venues),
        only_prewarmed=audit.wanted.only_prewarmed,
        done=audit.done,
        total=audit.total,
        finished_at=None if audit.finished_at is None else timestamp_of(audit.finished_at),
        seconds=None if audit.seconds is None else round(audit.seconds, 3),
        told=audit.told,
        counts=dict(audit.counts),
    )


def audited_told(one: AuditedAsset) -> AuditedTold:
    """Shape a row after its audit."""
    worst, offered = one.worst, one.proposal
    return AuditedTold(
        asset=one.asset,
        venue=one.venue,
        symbol=one.symbol,
        quote=one.quote,
        prewarm=one.prewarm,
        verdict=one.verdict.value,
        layer=worst.layer.value if worst is not None else "",
        reason=worst.reason if worst is not None else "",
        layers=[_layer_told(finding) for finding in one.findings],
        proposal=ProposalTold(kind=offered.kind.value, why=offered.why, venue=offered.venue, symbol=offered.symbol, quote=offered.quote)
        if offered is not None
        else None,
    )


def _layer_told(finding: Finding) -> LayerTold:
    return LayerTold(
        layer=finding.layer.value,
        outcome=finding.outcome.value,
        reason=finding.reason,
        told=finding.told,
        evidence=dict(finding.evidence),
    )
