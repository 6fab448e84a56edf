"""A text read from left to right, which knows where it stands when something is wrong."""

from typing import NoReturn

from trinity_beast.feeds.grammar.errors import GrammarFault, shown


class Scanner:
    """The reading position in one text of a row."""

    __slots__ = ("position", "text")

    def __init__(self, text: str) -> None:
        self.text, self.position = text, 0

    @property
    def at_end(self) -> bool:
        """Return whether all has been read."""
        return self.position >= len(self.text)

    def peek(self) -> str:
        """Return the next character, or nothing at the end."""
        return self.text[self.position : self.position + 1]

    def take(self, wanted: str) -> bool:
        """Step over `wanted` if it comes next; whether it did."""
        if not self.text.startswith(wanted, self.position):
            return False
        self.position += len(wanted)
        return True

    def until(self, stops: str) -> str:
        """Return all that comes before the first of the characters `stops`, or before the end."""
        start = self.position
        while not self.at_end and self.text[self.position] not in stops:
            self.position += 1
        return self.text[start : self.position]

    def fail(self, expected: str, *, position: int | None = None, found: str = "", hint: str = "") -> NoReturn:
        """Refuse the text at the present (or the given) place, counted from 0."""
        place = self.position if position is None else position
        rest = self.text[place : place + 20]
        raise GrammarFault(
            text=self.text, position=place + 1, expected=expected, found=found or (shown(rest) if rest else "the end"), hint=hint
        )
