"""Templates: the texts we send, with `{SYMBOLS}`, `{SYMBOL}`, `{symbol}`, `{ID}`, `{NOW_S}`, `{NOW_MS}`, `{FRAME.path}`."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass

from trinity_beast.feeds.grammar.errors import GrammarFault, suggestion
from trinity_beast.feeds.grammar.paths import Path, parse_path

SYMBOLS, SYMBOL, SYMBOL_LOWER, ID, NOW_S, NOW_MS, FRAME = "SYMBOLS", "SYMBOL", "symbol", "ID", "NOW_S", "NOW_MS", "FRAME"
PLACEHOLDERS = (SYMBOLS, SYMBOL, SYMBOL_LOWER, ID, NOW_S, NOW_MS, FRAME)
_SAMPLES = {SYMBOLS: '"A"', SYMBOL: "A", SYMBOL_LOWER: "a", ID: "1", NOW_S: "1", NOW_MS: "1", FRAME: "1"}
_SLOT = re.compile(r"\{([A-Za-z_][^{}\"]*)\}")
# In JSON a brace before a letter occurs only inside a text, so every such brace is a placeholder, or a mistake worth telling.


@dataclass(frozen=True, slots=True)
class Slot:
    """A place to fill. `path` belongs to `{FRAME.path}`; `quoted` says that the place lies inside a JSON text."""

    name: str
    path: Path | None = None
    quoted: bool = False

    def __str__(self) -> str:
        return f"{{{self.name}.{self.path}}}" if self.path is not None else f"{{{self.name}}}"


@dataclass(frozen=True, slots=True)
class Template:
    """A text with places to fill. `str()` gives the text it was read from."""

    parts: tuple[str | Slot, ...]

    def __str__(self) -> str:
        return "".join(map(str, self.parts))

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Return the places to fill, in order."""
        return tuple(part for part in self.parts if isinstance(part, Slot))

    def has(self, name: str) -> bool:
        """Return whether a place of that name is there."""
        return any(slot.name == name for slot in self.slots)


def parse_template(text: str, *, allowed: Collection[str], needed: Collection[str] = ()) -> Template:
    """Read a template that may hold the placeholders `allowed` and must hold one of `needed`.

    Raises:
        GrammarFault: a placeholder is unknown or out of place here, or all of `needed` are missing.
    """
    parts: list[str | Slot] = []
    end = 0
    for found in _SLOT.finditer(text):
        if found.start() > end:
            parts.append(text[end : found.start()])
        parts.append(_slot(text, found, allowed))
        end = found.end()
    if end < len(text):
        parts.append(text[end:])
    template = Template(tuple(parts))
    if needed and not any(template.has(name) for name in needed):
        wanted = " or ".join(f"{{{name}}}" for name in needed)
        raise GrammarFault(text=text, position=len(text) + 1, expected=f"{wanted} somewhere in the text", found="none")
    return template


def _slot(text: str, found: re.Match[str], allowed: Collection[str]) -> Slot:
    inside, place = found.group(1), found.start() + 1
    name, dot, rest = inside.partition(".")
    known = [f"{{{word}}}" if word != FRAME else "{FRAME.path}" for word in PLACEHOLDERS if word in allowed]
    if name not in allowed or (dot and name != FRAME):
        raise GrammarFault(
            text=text, position=place, expected=" or ".join(known) or "no placeholder", found=found.group(),
            hint=suggestion(inside, [word.strip("{}") for word in known]),
        )  # fmt: skip
    if name != FRAME:
        return Slot(name)
    if not dot:
        raise GrammarFault(text=text, position=found.end(), expected='"." and a path', found='"}"')
    try:
        path = parse_path(rest)
    except GrammarFault as fault:
        raise GrammarFault(
            text=text, position=place + len("{FRAME.") + fault.position - 1, expected=fault.expected, found=fault.found, hint=fault.hint
        ) from fault
    return Slot(FRAME, path, quoted=_inside_quotes(text[: found.start()]))


def _inside_quotes(before: str) -> bool:
    return len(re.sub(r"\\.", "", before).split('"')) % 2 == 0


def check_json(template: Template, *, symbols: str | None = None) -> None:
    """Refuse a template that looks like JSON (it begins with `{` or `[`) and, filled, is none.

    Raises:
        GrammarFault: pointing at the character of the template where reading stopped.
    """
    text = str(template)
    if not text.startswith(("{", "[")):
        return
    filled = [
        part if isinstance(part, str) else symbols if part.name == SYMBOLS and symbols is not None else _SAMPLES[part.name]
        for part in template.parts
    ]
    try:
        json.loads("".join(filled))
    except (json.JSONDecodeError, RecursionError) as error:
        reached = error.pos if isinstance(error, json.JSONDecodeError) else 0
        told = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        place = _place_in_template(template, filled, reached)
        raise GrammarFault(text=text, position=place + 1, expected="JSON once filled", found=f"a mistake: {told}") from error


def _place_in_template(template: Template, filled: list[str], reached: int) -> int:
    place = 0
    for part, piece in zip(template.parts, filled, strict=True):
        if reached < len(piece):
            return place + (reached if isinstance(part, str) else 0)
        reached -= len(piece)
        place += len(str(part))
    return place
