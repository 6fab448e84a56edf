"""What can be wrong with a feed row, told so that the hand that wrote it can mend it."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trinity_beast.errors import Mistake, TrinityError


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake in a row: where, what would have been right, what stands there.

    `column` is one of the nineteen, followed inside a JSON column by the way to the text (`control_rules.ack.symbol`).
    `position` counts characters of `text` from 1.
    """

    column: str
    text: str
    position: int
    expected: str
    found: str
    hint: str = ""

    def __str__(self) -> str:
        told = f"{self.column}, character {self.position}: expected {self.expected}, found {self.found}"
        return f"{told} ({self.hint})" if self.hint else told

    def mistake(self) -> Mistake:
        """Return this as a refusal tells it, with the facts an editor needs to mark the place."""
        facts = {"column": self.column, "character": self.position, "expected": self.expected, "found": self.found, "text": self.text}
        fix = f"{self.hint[:1].upper()}{self.hint[1:]}" if self.hint else f"Write {self.expected}."
        told = f"Character {self.position}: expected {self.expected}, found {self.found}."
        return Mistake(f"row.{self.column}", told, fix, facts)

    def pointed(self) -> str:
        """Return the sentence, the text it is about, and a mark under the character."""
        visible = "".join(character if character.isprintable() else "?" for character in self.text)
        return f"{self}\n    {visible}\n    {' ' * (self.position - 1)}^"


class GrammarFault(TrinityError):
    """One text of a feed row cannot be read. Facts: `position` (from 1), `expected`, `found`, `hint`, `text`."""

    code, status = "FEED_TEXT_INVALID", 422

    def __init__(self, *, text: str, position: int, expected: str, found: str, hint: str = "") -> None:
        super().__init__(position=position, expected=expected, found=found, hint=hint, text=text)
        self.text, self.position, self.expected, self.found, self.hint = text, position, expected, found, hint

    def at(self, column: str) -> Fault:
        """Return this mistake as one of the column's."""
        return Fault(column, self.text, self.position, self.expected, self.found, self.hint)


class RowInvalid(TrinityError):
    """A feed row breaks the grammar. Facts: `venue`, `faults` (every mistake found, each naming column and character)."""

    code, status = "FEED_ROW_INVALID", 422

    def __init__(self, *, venue: str, faults: Sequence[Fault]) -> None:
        super().__init__(venue=venue, faults=[str(fault) for fault in faults])
        self.venue, self.faults = venue, tuple(faults)

    @property
    def mistakes(self) -> Sequence[Mistake]:
        """Return every fault with its column and character."""
        return [fault.mistake() for fault in self.faults]

    def __str__(self) -> str:
        told = "\n".join(fault.pointed() for fault in self.faults)
        return f"{self.code}: the row of {self.venue or 'an unnamed venue'} cannot be used\n{told}"


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `did you mean …?` for a word that is nearly one of `known`, else nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""


def shown(value: object) -> str:
    """Return a value as an error names it: quoted, and cut where it is long."""
    text = repr(value) if not isinstance(value, str) else f'"{value}"'
    return text if len(text) <= 60 else text[:57] + "…"
