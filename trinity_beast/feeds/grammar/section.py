"""An object of a JSON column, read key by key: what is missing, of the wrong kind or unknown is a fault with its place."""

import math
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import TypeVar

from trinity_beast.feeds.grammar.errors import Fault, GrammarFault, shown, suggestion
from trinity_beast.feeds.grammar.paths import Path, parse_path
from trinity_beast.feeds.grammar.placeholders import Template, check_json, parse_template
from trinity_beast.feeds.grammar.wanted import Match, Wanted, parse_wanted

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
TEXT_CHARACTERS_MAX = 4_000


class Section:
    """One object of a row, and the faults found in it. `faults` is shared by all sections of a row."""

    def __init__(self, values: Mapping[str, object], where: str, faults: list[Fault]) -> None:
        self._values, self.where, self.faults = values, where, faults
        self._known: list[str] = []

    def place(self, key: str) -> str:
        """Return where a key stands, from its column on."""
        return f"{self.where}.{key}" if self.where else key

    def has(self, key: str) -> bool:
        """Return whether the key is there and not null."""
        self._known.append(key)
        return self._values.get(key) is not None

    def value(self, key: str) -> object:
        """Return what stands under a key as it is, nothing checked."""
        return self._values.get(key)

    def fault(self, key: str, expected: str, *, hint: str = "") -> None:
        """Note that the value under a key is of the wrong kind."""
        value = self._values.get(key)
        text = shown(value) if key in self._values else ""
        self.faults.append(Fault(self.place(key), text, 1, expected, text or "nothing", hint))

    def finish(self) -> None:
        """Note every key nobody has asked for."""
        known = "one of " + ", ".join(sorted(set(self._known)))
        for name in self._values:
            if name not in self._known:
                found = f"{shown(name)} in {self.where or 'the row'}"
                self.faults.append(Fault(self.place(name), name, 1, known, found, suggestion(name, self._known)))

    def read(self, key: str, parse: Callable[[str], T], *, needed: bool = False) -> T | None:
        """Return what `parse` makes of the text under a key."""
        if not self.has(key):
            if needed:
                self.fault(key, "a text")
            return None
        value = self._values[key]
        if not isinstance(value, str) or not value or len(value) > TEXT_CHARACTERS_MAX:
            self.fault(key, f"a text of 1 to {TEXT_CHARACTERS_MAX} characters")
            return None
        try:
            return parse(value)
        except GrammarFault as fault:
            self.faults.append(fault.at(self.place(key)))
            return None

    def text(self, key: str, *, needed: bool = False) -> str | None:
        """Return a text as it is."""
        return self.read(key, str, needed=needed)

    def path(self, key: str, *, in_row: bool = False, needed: bool = False) -> Path | None:
        """Return a path."""
        return self.read(key, lambda text: parse_path(text, in_row=in_row), needed=needed)

    def template(self, key: str, *, allowed: Collection[str], must: Collection[str] = (), needed: bool = False) -> Template | None:
        """Return a template that holds one of `must` and, where it looks like JSON, is JSON once filled."""

        def parse(text: str) -> Template:
            template = parse_template(text, allowed=allowed, needed=must)
            check_json(template)
            return template

        return self.read(key, parse, needed=needed)

    def choice(self, key: str, choices: type[E], *, needed: bool = False) -> E | None:
        """Return one of the words of an enum."""
        words = [choice.value for choice in choices]

        def parse(text: str) -> E:
            if text not in words:
                raise GrammarFault(
                    text=text, position=1, expected="one of " + ", ".join(words), found=shown(text), hint=suggestion(text, words)
                )
            return choices(text)

        return self.read(key, parse, needed=needed)

    def number(self, key: str, *, least: float, most: float, needed: bool = False) -> float | None:
        """Return a number within its range."""
        if not self.has(key):
            if needed:
                self.fault(key, f"a number from {least:g} to {most:g}")
            return None
        value = self._values[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or not least <= value <= most:
            self.fault(key, f"a number from {least:g} to {most:g}")
            return None
        return value

    def count(self, key: str, *, least: int, most: int, needed: bool = False) -> int | None:
        """Return a whole number within its range."""
        value = self.number(key, least=least, most=most, needed=needed)
        if value is None or (isinstance(value, int) or value == int(value)):
            return None if value is None else int(value)
        self.fault(key, f"a whole number from {least} to {most}")
        return None

    def flag(self, key: str) -> bool | None:
        """Return true or false."""
        if not self.has(key):
            return None
        value = self._values[key]
        if isinstance(value, bool):
            return value
        self.fault(key, "true or false")
        return None

    def section(self, key: str, *, needed: bool = False) -> "Section | None":
        """Return the object under a key."""
        if not self.has(key):
            if needed:
                self.fault(key, "an object")
            return None
        value = self._values[key]
        if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
            self.fault(key, "an object")
            return None
        return Section(value, self.place(key), self.faults)

    def sections(self, key: str) -> list["Section"]:
        """Return the objects of the list under a key."""
        found = []
        for number, item in enumerate(self.items(key)):
            if isinstance(item, Mapping):
                found.append(Section(item, f"{self.place(key)}[{number}]", self.faults))
            else:
                self.faults.append(Fault(f"{self.place(key)}[{number}]", shown(item), 1, "an object", shown(item)))
        return found

    def items(self, key: str) -> list[object]:
        """Return the list under a key, empty where there is none."""
        if not self.has(key):
            return []
        value = self._values[key]
        if not isinstance(value, list | tuple) or not value:
            self.fault(key, "a list of at least one")
            return []
        return list(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a list of texts."""
        found = []
        for number, item in enumerate(self.items(key)):
            if isinstance(item, str) and item:
                found.append(item)
            else:
                self.faults.append(Fault(f"{self.place(key)}[{number}]", shown(item), 1, "a text", shown(item)))
        return tuple(found)

    def words(self, key: str) -> tuple[tuple[str, str], ...]:
        """Return an object whose values are texts, as pairs."""
        section = self.section(key)
        if section is None:
            return ()
        pairs = [(name, section.text(name, needed=True)) for name in section.names()]
        return tuple(sorted((name, text) for name, text in pairs if text is not None))

    def names(self) -> list[str]:
        """Return the keys that stand here."""
        return list(self._values)

    def match(self, key: str = "match", *, needed: bool = True) -> Match | None:
        """Return a match, every bad path or value of it noted at its own place."""
        section = self.section(key, needed=needed)
        if section is None:
            return None
        terms: list[tuple[Path, Wanted]] = []
        for name in section.names():
            try:
                terms.append((parse_path(name), parse_wanted(section._values[name])))
            except GrammarFault as fault:
                self.faults.append(fault.at(section.place(name)))
        if not section.names():
            self.fault(key, "at least one path and its wanted value")
        # In one order, for JSON objects have none: a row stored and read again must be equal, or its feed would reconnect.
        terms.sort(key=lambda term: str(term[0]))
        return Match(tuple(terms)) if terms and len(terms) == len(section.names()) else None
