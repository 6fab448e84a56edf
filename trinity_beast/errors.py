"""What every refusal of ours has in common."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Mistake:
    """One of several things wrong with what was handed in: where, what, and what to do.

    `facts` are told beside the sentences, for programs that mark the place.
    """

    location: str
    message: str
    fix: str
    facts: Mapping[str, object] = field(default_factory=dict)


class TrinityError(Exception):
    """Something was refused or failed, with a code that never changes and the facts of this case.

    `code` is what programs branch on; `status` the HTTP status it travels under. The sentence a person reads is
    looked up by the code in `content`, so facts are given as keywords, never baked into a message. A refusal that is
    about several things is given every mistake; `count` and `first` of them are facts too.
    """

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500

    def __init__(self, mistakes: Sequence[Mistake] = (), /, **facts: object) -> None:
        if mistakes:
            facts = {"count": len(mistakes), "first": mistakes[0].message.rstrip("."), **facts}
        super().__init__(self.code, facts)
        self.facts, self._mistakes = facts, tuple(mistakes)

    @property
    def mistakes(self) -> Sequence[Mistake]:
        """Return each thing that is wrong, where a refusal is about more than one."""
        return self._mistakes

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.code}: {told}" if told else self.code


class ChangedMeanwhile(TrinityError):
    """Somebody else changed the row after it was read. Facts: `row`, `expected_version`, `version` (0: there is none)."""

    code, status = "CONFLICT", 409
