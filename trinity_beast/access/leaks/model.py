"""The nouns of a leak: who reports, what was found, what became of it."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Reporter:
    """Somebody who scans for secrets. Their reports are believed because they are signed."""

    identifier: str
    name: str
    public_key: str
    added_at: datetime
    version: int = 0
    """What a change expects that is to overwrite nobody else's."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that looks like a key of ours, found at `url`."""

    token: str = field(repr=False)
    kind: str
    url: str
    source: str


@dataclass(frozen=True, slots=True)
class Label:
    """What the reporter is told of a finding: whether it was ever a key of ours, named by the digest of its text alone."""

    token_hash: str
    token_type: str
    is_key: bool


@dataclass(frozen=True, slots=True)
class Leak:
    """A key of ours that was found, and what became of it: `revoked`, `noted`, or `ended` before."""

    leak_id: int
    key_id: int
    public_id: str
    reported_at: datetime
    reporter: str
    url: str
    source: str
    action: str
