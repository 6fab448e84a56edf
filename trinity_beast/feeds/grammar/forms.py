"""The form of an object in a JSON column: its keys, what each holds, and the noun that is made of them.

A form is told once, as a table; every object of `control_rules` and `rest_rules` is read by one.
"""

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from trinity_beast.feeds.grammar.section import Section

T = TypeVar("T")

Blank = Callable[[Section, str], object]
"""Reads what stands under one key; what is wrong is noted in the section's faults."""
Check = Callable[[Section], None]
"""Notes what no key shows by itself: two that belong together, one of several that is needed."""


class Form(Generic[T]):
    """Reads objects of one kind. One whose needed keys are not all good makes nothing; its faults are noted."""

    def __init__(
        self, make: Callable[..., T], blanks: Mapping[str, Blank], *, needs: Collection[str] = (), check: Check | None = None
    ) -> None:
        """Take the noun, its keys by name, and which of them it cannot be made without."""
        self._make, self._blanks, self._needs, self._check = make, blanks, needs, check

    def read(self, section: Section) -> T | None:
        """Return what an object says."""
        told = {name: blank(section, name) for name, blank in self._blanks.items()}
        section.finish()
        if self._check is not None:
            self._check(section)
        return None if any(told[name] is None for name in self._needs) else self._make(**told)


def one(form: Form[T]) -> Blank:
    """Return the blank for an object."""

    def read(section: Section, key: str) -> object:
        inner = section.section(key)
        return None if inner is None else form.read(inner)

    return read


def several(form: Form[T]) -> Blank:
    """Return the blank for a list of objects; it reads those that are good."""
    return lambda section, key: tuple(told for inner in section.sections(key) if (told := form.read(inner)) is not None)


def path(*, needed: bool = False, in_row: bool = False) -> Blank:
    """Return the blank for a path."""
    return lambda section, key: section.path(key, in_row=in_row, needed=needed)


def match(*, needed: bool = True) -> Blank:
    """Return the blank for a match."""
    return lambda section, key: section.match(key, needed=needed)


def template(*, allowed: Collection[str], must: Collection[str] = (), needed: bool = False) -> Blank:
    """Return the blank for a template."""
    return lambda section, key: section.template(key, allowed=allowed, must=must, needed=needed)


def choice(choices: type[StrEnum], *, needed: bool = False) -> Blank:
    """Return the blank for a word of an enum."""
    return lambda section, key: section.choice(key, choices, needed=needed)


def number(*, least: float, most: float) -> Blank:
    """Return the blank for a number."""
    return lambda section, key: section.number(key, least=least, most=most)


def count(*, least: int, most: int) -> Blank:
    """Return the blank for a whole number."""
    return lambda section, key: section.count(key, least=least, most=most)


def flag() -> Blank:
    """Return the blank for true or false."""
    return lambda section, key: section.flag(key)


def texts(*, expected: str = "") -> Blank:
    """Return the blank for a list of texts, needed where it is said what is `expected`."""

    def read(section: Section, key: str) -> object:
        told = section.texts(key)
        if expected and not section.has(key):
            section.fault(key, expected)
        return told

    return read


def words() -> Blank:
    """Return the blank for an object whose values are texts."""
    return lambda section, key: section.words(key)


def together(first: str, second: str) -> Check:
    """Return the check that two keys stand together, or neither does."""

    def check(section: Section) -> None:
        if section.has(first) != section.has(second):
            section.fault(second if section.has(first) else first, f"{first} and {second} together, or neither")

    return check
