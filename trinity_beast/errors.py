"""What every refusal of ours has in common."""

from typing import ClassVar


class TrinityError(Exception):
    """Something was refused or failed, with a code that never changes and the facts of this case.

    `code` is what programs branch on; `status` the HTTP status it travels under. The sentence a person reads is
    looked up by the code in `content`, so facts are given as keywords, never baked into a message.
    """

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500

    def __init__(self, **facts: object) -> None:
        super().__init__(self.code, facts)
        self.facts = facts

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.code}: {told}" if told else self.code
