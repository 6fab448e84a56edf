"""Paths: the way from a frame or a row to a value. `events[type=update].trades[]`, `^channel|after:live_trades_`.

- path: `["^"] ("$" | steps) cuts`; `^` starts at the frame instead of the row, `$` is the starting point itself
- steps: `step ("." step)*`, a step being a name and its selectors, or at the beginning selectors alone
- selectors: `[]` every element (a lone value counts as one), `[k=v]` the elements whose `k` is `v`, `[0]` `[-1]` by position,
  `{}` every member value that is an object or array
- cuts: `("|after:" text | "|before:" text)*`
"""

import re
from dataclasses import dataclass

from trinity_beast.feeds.grammar.scanner import Scanner

_INDEX = re.compile(r"0|-?[1-9][0-9]{0,5}")
_ENDS_NAME = '.[]{}|^$="'


@dataclass(frozen=True, slots=True)
class Member:
    """`name`: the value under a key."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Each:
    """`[]`: every element; a lone value counts as one element."""

    def __str__(self) -> str:
        return "[]"


@dataclass(frozen=True, slots=True)
class Where:
    """`[k=v]`: the elements that are objects and whose `k`, written as JSON writes it, is `v`."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"[{self.key}={self.value}]"


@dataclass(frozen=True, slots=True)
class At:
    """`[0]`, `[-1]`: the element at a position, counted from the end when negative."""

    index: int

    def __str__(self) -> str:
        return f"[{self.index}]"


@dataclass(frozen=True, slots=True)
class Values:
    """`{}`: every member value that is an object or an array."""

    def __str__(self) -> str:
        return "{}"


@dataclass(frozen=True, slots=True)
class After:
    """`|after:x`: what follows the first `x`; nothing, when there is no `x`."""

    text: str

    def __str__(self) -> str:
        return f"|after:{self.text}"


@dataclass(frozen=True, slots=True)
class Before:
    """`|before:x`: what precedes the first `x`; the whole, when there is no `x`."""

    text: str

    def __str__(self) -> str:
        return f"|before:{self.text}"


Selector = Each | Where | At | Values
Step = Member | Selector
Cut = After | Before


@dataclass(frozen=True, slots=True)
class Path:
    """A way to a value. `str()` gives the text it was read from."""

    steps: tuple[Step, ...]
    from_frame: bool = False
    cuts: tuple[Cut, ...] = ()

    def __str__(self) -> str:
        words = [f".{step}" if number and isinstance(step, Member) else str(step) for number, step in enumerate(self.steps)]
        return ("^" if self.from_frame else "") + ("".join(words) or "$") + "".join(map(str, self.cuts))

    @property
    def filters(self) -> bool:
        """Return whether some elements are left out by `[k=v]`."""
        return any(isinstance(step, Where) for step in self.steps)

    def unfiltered(self) -> "Path":
        """Return the same way with every `[k=v]` widened to `[]`."""
        return Path(tuple(Each() if isinstance(step, Where) else step for step in self.steps), self.from_frame, self.cuts)


def parse_path(text: str, *, in_row: bool = False) -> Path:
    """Read a path. `in_row` says that it starts at a row, so that a leading `^` has a meaning.

    Raises:
        GrammarFault: it is no path; the fault names the character.
    """
    scanner = Scanner(text)
    from_frame = scanner.take("^")
    if from_frame and not in_row:
        scanner.fail("a path from the frame", position=0, hint="this path starts at the frame already; leave out the ^")
    steps = () if scanner.take("$") else _steps(scanner)
    if not steps and scanner.peek() not in ("", "|"):
        scanner.fail('"|" or the end', hint="$ stands alone: it is the frame or row itself")
    return Path(steps, from_frame, _cuts(scanner))


def _steps(scanner: Scanner) -> tuple[Step, ...]:
    steps: list[Step] = []
    if scanner.peek() not in ("[", "{"):
        steps.append(_member(scanner))
    while scanner.peek() not in ("", "|"):
        if scanner.peek() == "[":
            steps.append(_bracket(scanner))
        elif scanner.take("{"):
            if not scanner.take("}"):
                scanner.fail('"}"', hint="{} means every member value")
            steps.append(Values())
        elif scanner.take("."):
            steps.append(_member(scanner))
        else:
            scanner.fail('".", "[", "{}", "|" or the end')
    return tuple(steps)


def _member(scanner: Scanner) -> Member:
    start = scanner.position
    name = scanner.until(_ENDS_NAME)
    if not name:
        scanner.fail("a name")
    for offset, character in enumerate(name):
        if character.isspace() or not character.isprintable():
            scanner.fail("a name without spaces", position=start + offset)
    return Member(name)


def _bracket(scanner: Scanner) -> Selector:
    scanner.take("[")
    start = scanner.position
    inside = scanner.until("]")
    if not scanner.take("]"):
        scanner.fail('"]"')
    if not inside:
        return Each()
    key, equals, value = inside.partition("=")
    if equals:
        if not key or any(character in _ENDS_NAME or character.isspace() or not character.isprintable() for character in key):
            scanner.fail("a name before the =", position=start)
        if "[" in value:
            scanner.fail('"]" before the next "["', position=start + len(key) + 1 + value.index("["))
        return Where(key, value)
    if not _INDEX.fullmatch(inside):
        scanner.fail('"]", a position such as 0 or -1, or name=value', position=start, found=f'"{inside}"')
    return At(int(inside))


def _cuts(scanner: Scanner) -> tuple[Cut, ...]:
    cuts: list[Cut] = []
    while scanner.take("|"):
        kind: type[Cut] = After if scanner.take("after:") else Before
        if kind is Before and not scanner.take("before:"):
            scanner.fail('"after:" or "before:"')
        wanted = scanner.until("|")
        if not wanted:
            scanner.fail("the text to cut at")
        cuts.append(kind(wanted))
    return tuple(cuts)
