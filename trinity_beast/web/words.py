"""The words a refusal is told in. `content` keeps this, as a module."""

from collections.abc import Iterator, Mapping
from typing import Protocol


class Spoken(Protocol):
    """One refusal as it is said to one caller."""

    @property
    def title(self) -> str:
        """What kind of thing was refused, without facts."""
        ...

    @property
    def message(self) -> str:
        """What happened, with the facts of this case."""
        ...

    @property
    def fix(self) -> str:
        """What the caller can do about it."""
        ...


class Words(Protocol):
    """Whoever knows the sentence that belongs to a code."""

    def told(self, code: str, facts: Mapping[str, object] | None = None, *, accept_language: str | None = None) -> Spoken:
        """Return what is said under `code` in the language the caller likes best."""
        ...

    def language_told(self, accept_language: str | None) -> str:
        """Return the tag of the language `told` would answer in."""
        ...

    def codes(self) -> Iterator[tuple[str, int]]:
        """Return every code with its status."""
        ...
