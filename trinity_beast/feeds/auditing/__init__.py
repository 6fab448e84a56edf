"""The audit of the asset map: every mapped asset asked in four ways whether it is there, comes, agrees and is answered."""

from trinity_beast.feeds.auditing.auditor import Answers, Auditor
from trinity_beast.feeds.auditing.model import (
    Answered,
    Audit,
    AuditedAsset,
    AuditState,
    Finding,
    Layer,
    Outcome,
    Proposal,
    ProposalKind,
    Verdict,
    WantedAudit,
)
from trinity_beast.feeds.auditing.service import Audits

__all__ = [
    "Answered",
    "Answers",
    "Audit",
    "AuditState",
    "AuditedAsset",
    "Auditor",
    "Audits",
    "Finding",
    "Layer",
    "Outcome",
    "Proposal",
    "ProposalKind",
    "Verdict",
    "WantedAudit",
]
