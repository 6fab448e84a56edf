"""What a person reads when something is refused, and how facts are put into it."""

import string
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class Text:
    """What is said under one refusal code, in one language.

    `message` and `fix` may name facts in braces; where one does, its plain form says the same without any fact. The plain
    form is used when a fact is absent or empty, and by the engine, which has texts and no templates.
    """

    title: str
    message: str
    fix: str
    plain_message: str = ""
    plain_fix: str = ""

    @property
    def placeholders(self) -> frozenset[str]:
        """Return the facts that message and fix name."""
        return _named(self.message) | _named(self.fix)

    def told(self, facts: Mapping[str, object]) -> "Told":
        """Return the sentences for one case."""
        return Told(
            title=self.title,
            message=_filled(self.message, self.plain_message, facts),
            fix=_filled(self.fix, self.plain_fix, facts),
        )


@dataclass(frozen=True, slots=True)
class Told:
    """One refusal as it is said to one caller."""

    title: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every text of one language. `language` is a BCP 47 tag, `direction` is `ltr` or `rtl`."""

    language: str
    direction: str
    refusals: Mapping[str, Text]


def _named(template: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name is not None)


def _filled(template: str, plain: str, facts: Mapping[str, object]) -> str:
    names = _named(template)
    words = {name: _worded(facts.get(name)) for name in names}
    if not all(words.values()):
        return plain
    return template.format_map(words)


def _worded(fact: object) -> str:
    if fact is None:
        return ""
    if isinstance(fact, datetime):
        return f"{fact.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if isinstance(fact, float):
        return f"{fact:.3f}".rstrip("0").rstrip(".")
    if isinstance(fact, Sequence | Set) and not isinstance(fact, str | bytes):
        return ", ".join(sorted(map(str, fact)) if isinstance(fact, Set) else map(str, fact))
    return str(fact)
