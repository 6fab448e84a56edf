"""Wanted values, and matches: which frames are meant. `{"channel": "trade", "id": ">=0", "e": null}`."""

import re
from dataclasses import dataclass
from decimal import Decimal

from trinity_beast.feeds.grammar.errors import GrammarFault, shown
from trinity_beast.feeds.grammar.paths import Path

_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?")
Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Exactly:
    """The value itself. Numbers equal numbers, texts equal texts, never across."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Present:
    """`"*"`: there, and not null."""

    @property
    def written(self) -> str:
        """Return the JSON value this was read from."""
        return "*"


@dataclass(frozen=True, slots=True)
class Absent:
    """null: not there, or null."""

    @property
    def written(self) -> None:
        """Return the JSON value this was read from."""
        return None


@dataclass(frozen=True, slots=True)
class Glob:
    """A text in which `*` stands for any characters."""

    pattern: str

    @property
    def written(self) -> str:
        """Return the JSON value this was read from."""
        return self.pattern


@dataclass(frozen=True, slots=True)
class Differs:
    """`"!=x"`: there, and not `x`; compared as numbers where `x` is one."""

    text: str

    @property
    def written(self) -> str:
        """Return the JSON value this was read from."""
        return f"!={self.text}"


@dataclass(frozen=True, slots=True)
class AtLeast:
    """`">=n"`: a number of `n` or more, or a text that is one."""

    text: str

    @property
    def number(self) -> Decimal:
        """Return the least number that will do."""
        return Decimal(self.text)

    @property
    def written(self) -> str:
        """Return the JSON value this was read from."""
        return f">={self.text}"


One = Exactly | Present | Absent | Glob | Differs | AtLeast


@dataclass(frozen=True, slots=True)
class AnyOf:
    """A list: any of these."""

    options: tuple[One, ...]


Wanted = One | AnyOf


@dataclass(frozen=True, slots=True)
class Match:
    """Every path must lead to a wanted value. A path that leads to several values needs one that will do."""

    terms: tuple[tuple[Path, Wanted], ...]

    def rendered(self) -> dict[str, object]:
        """Return the JSON this match was read from."""
        return {str(path): rendered_wanted(wanted) for path, wanted in self.terms}


def parse_wanted(value: object) -> Wanted:
    """Read a wanted value.

    Raises:
        GrammarFault: it is an object, a nested list, or a comparison we do not know.
    """
    if isinstance(value, list | tuple):
        if not value:
            raise _unwanted(value, "at least one value in the list")
        return AnyOf(tuple(_parse_one(item) for item in value))
    return _parse_one(value)


def _parse_one(value: object) -> One:
    if value is None:
        return Absent()
    if isinstance(value, str):
        return _parse_text(value)
    if isinstance(value, bool | int):
        return Exactly(value)
    if isinstance(value, float) and value - value == 0:  # Neither infinite nor NaN.
        return Exactly(value)
    raise _unwanted(value, "a text, a number, true, false, null or a list of these")


def _parse_text(text: str) -> One:
    if text == "*":
        return Present()
    if text.startswith("!="):
        if len(text) == 2:
            raise GrammarFault(text=text, position=3, expected="the value that is not wanted", found="the end")
        return Differs(text[2:])
    if text.startswith(">="):
        if not _NUMBER.fullmatch(text, 2):
            raise GrammarFault(text=text, position=3, expected="a number", found=shown(text[2:]) if text[2:] else "the end")
        return AtLeast(text[2:])
    if text.startswith(("<", ">", "==")):
        raise GrammarFault(text=text, position=1, expected='"!=" or ">="', found=shown(text), hint="no other comparison is known")
    return Glob(text) if "*" in text else Exactly(text)


def rendered_wanted(wanted: Wanted) -> object:
    """Return the JSON value this wanted value was read from."""
    if isinstance(wanted, AnyOf):
        return [rendered_wanted(option) for option in wanted.options]
    return wanted.value if isinstance(wanted, Exactly) else wanted.written


def is_number(text: str) -> bool:
    """Return whether a text is a plain decimal number."""
    return _NUMBER.fullmatch(text) is not None


def _unwanted(value: object, expected: str) -> GrammarFault:
    return GrammarFault(text=shown(value), position=1, expected=expected, found=shown(value))
