"""The nouns of an audit: what was looked at, what was found, what is proposed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from trinity_beast.words import Asset, Symbol, Venue


class Layer(StrEnum):
    """What an asset is asked four times, each time of somebody else."""

    LISTED = "listed"
    """By the venue's own list: is the symbol there, and traded?"""
    DELIVERS = "delivers"
    """By our feed: do its trades come?"""
    AGREES = "agrees"
    """By others: is the price what the venue's REST and the other venues say?"""
    ANSWERS = "answers"
    """By a request as customers send them: is there an answer?"""


class Outcome(StrEnum):
    """What a layer came to. `UNPROVEN` is neither: whoever could tell was not to be had, or had nothing to tell."""

    PASSED = "passed"
    FAILED = "failed"
    UNPROVEN = "unproven"
    SKIPPED = "skipped"


class Verdict(StrEnum):
    """What an asset of a venue came to: the worst of its layers."""

    SOUND = "sound"
    BROKEN = "broken"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one layer found. `reason` never changes its meaning and is what programs branch on; `told` is for people."""

    layer: Layer
    outcome: Outcome
    reason: str = ""
    told: str = ""
    evidence: Mapping[str, str] = field(default_factory=dict)


class ProposalKind(StrEnum):
    """What could be done about a broken row of the map."""

    RENAME = "rename"
    """The same market of the same venue, by the name it has now."""
    REQUOTE = "requote"
    """The same asset at the same venue, priced in something else."""
    MOVE = "move"
    """The same asset at another venue."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to map in place of a broken row, and why that; or why nothing."""

    kind: ProposalKind
    why: str
    venue: str = ""
    symbol: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class AuditedAsset:
    """One row of the map after its audit."""

    asset: Asset
    venue: Venue
    symbol: Symbol
    quote: str
    prewarm: bool
    findings: tuple[Finding, ...]
    proposal: Proposal | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst that was found."""
        outcomes = {finding.outcome for finding in self.findings}
        if Outcome.FAILED in outcomes:
            return Verdict.BROKEN
        return Verdict.UNPROVEN if Outcome.UNPROVEN in outcomes else Verdict.SOUND

    @property
    def worst(self) -> Finding | None:
        """The finding that gave the verdict: the first failed one, else the first unproven one."""
        for outcome in (Outcome.FAILED, Outcome.UNPROVEN):
            if found := next((finding for finding in self.findings if finding.outcome is outcome), None):
                return found
        return None


class AuditState(StrEnum):
    """What has become of an audit. A broken one was cut off; what it had found is lost."""

    RUNNING = "running"
    DONE = "done"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class WantedAudit:
    """What is to be audited: these venues' rows, all where none is named; those held from the start, or all that are on."""

    venues: tuple[str, ...] = ()
    only_prewarmed: bool = False


@dataclass(frozen=True, slots=True)
class Audit:
    """One audit as it is kept. `done` of `total` steps are behind it; `counts` says how many came to which verdict."""

    audit_id: int
    started_at: datetime
    started_by: str
    node: str
    wanted: WantedAudit
    state: AuditState
    done: int
    total: int
    beat_at: datetime
    finished_at: datetime | None = None
    seconds: float | None = None
    told: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Answered:
    """What the node has to say of an asset at one moment, of one venue or as a customer would be told.

    `code` is the refusal where there is no price to give. `age_seconds` is that of the trade there is, if there is one.
    `is_lent` says that another node heard it, not this one.
    """

    is_usable: bool
    state: str = ""
    venue: str = ""
    price: str = ""
    age_seconds: float | None = None
    code: str = ""
    is_lent: bool = False
