"""The nouns of a verification: what is asked, what is answered, and what is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

WRONG_KEY = "tb_live_this_key_was_never_issued_to_anybody"
NO_KEY = "no key is known; give one with --key"

Faults = Sequence[str]
"""What is wrong, each in words; empty: nothing."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, the headers by their names in small letters, the body as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Asking:
    """One request and what the contract promises of its answer.

    `expected` maps each status that keeps the promise to its codes. With `may_be` it depends on the market which it is.
    """

    name: str
    path: str
    expected: Mapping[int, Sequence[str]]
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    key: str = "own"
    """Which key it comes with: `own`, `none`, or `wrong`."""
    shape: str = "envelope"
    """What the answer is: `envelope`, `openapi`, `page`, `nothing` (no body), or `metrics`."""
    data: Callable[[Any], Faults] | None = None
    """What more is wrong with the data of a granted one; with all of it, where it is no envelope."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing asked, what was found, and what is wrong with it; `skipped` says why it was not asked."""

    name: str
    asked: str
    found: str
    faults: Faults = ()
    skipped: str = ""

    @property
    def is_good(self) -> bool:
        """Whether the promise is kept, as far as it was asked."""
        return not self.faults
