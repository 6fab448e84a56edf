"""The declaration of a parameter, and what fits it."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from trinity_beast.parameters.errors import ParameterInvalid

Value = bool | int | float | str
T = TypeVar("T", bound=Value)

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
NAME_CHARACTERS_MAX = 64
TEXT_CHARACTERS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Parameter(Generic[T]):
    """One knob: its name, what it counts in, its range, and a sentence that says what turning it does.

    Declared as a constant beside the code that uses it. The kind of value (`bool`, `int`, `float` or `str`) is that of
    `default`. `least` and `most` are both allowed; a text has none, but may have `choices`. `needs_restart` says that a node
    goes by it only from its next start on.

    Raises:
        ValueError: the declaration contradicts itself; the message names the parameter and says how.
    """

    name: str
    default: T
    group: str = field(kw_only=True)
    help: str = field(kw_only=True)
    unit: str = field(default="", kw_only=True)
    least: T | None = field(default=None, kw_only=True)
    most: T | None = field(default=None, kw_only=True)
    choices: tuple[T, ...] = field(default=(), kw_only=True)
    needs_restart: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if mistake := self._mistake():
            raise ValueError(f"parameter {self.name!r}: {mistake}")

    @property
    def kind(self) -> type[T]:
        """Return the type every value has."""
        return type(self.default)

    def checked(self, value: object) -> T:
        """Return `value` as this parameter's kind.

        A whole number is taken where a float is wanted. Nothing else is converted: `"5"` is no number, `True` no 1.

        Raises:
            ParameterInvalid: it is of another kind, outside the range, or none of the choices.
        """
        fitting: object = float(value) if self.kind is float and type(value) is int else value
        if type(fitting) is not self.kind:
            raise self._refusal(value, f"{self.kind.__name__} expected, {type(value).__name__} given")
        if reason := self._misfit(fitting):
            raise self._refusal(value, reason)
        return fitting

    def parsed(self, text: str) -> T:
        """Return the value an operator wrote as text: `true`/`false`, digits, or the text itself.

        Raises:
            ParameterInvalid: it cannot be read as this kind, or does not fit.
        """
        read: Callable[[str], object] = _switch if self.kind is bool else self.kind
        try:
            value = read(text.strip())
        except ValueError as error:
            raise self._refusal(text, f"cannot be read as {self.kind.__name__}") from error
        return self.checked(value)

    def _misfit(self, value: object) -> str | None:
        if isinstance(value, float) and not math.isfinite(value):
            return "not a finite number"
        if isinstance(value, str) and not (len(value) <= TEXT_CHARACTERS_MAX and value.isprintable()):
            return f"more than {TEXT_CHARACTERS_MAX} characters, or not printable"
        if self.choices and value not in self.choices:
            return "not one of " + ", ".join(str(choice) for choice in self.choices)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            if isinstance(self.least, (int, float)) and value < self.least:
                return f"less than {self.least}"
            if isinstance(self.most, (int, float)) and value > self.most:
                return f"more than {self.most}"
        return None

    def _mistake(self) -> str | None:
        if not _NAME.fullmatch(self.name) or len(self.name) > NAME_CHARACTERS_MAX:
            return f"a name is words of a-z and 0-9 joined by _, {NAME_CHARACTERS_MAX} characters at most"
        if not _NAME.fullmatch(self.group):
            return f"group {self.group!r} is no such name"
        if not self.help.endswith("."):
            return "help is a sentence and ends with a full stop"
        return self._range_mistake() or ((reason := self._misfit(self.default)) and f"its default is {reason}") or None

    def _range_mistake(self) -> str | None:
        ends = (self.least, self.most)
        if self.kind not in (int, float):
            return "only a number has least and most" if ends != (None, None) else None
        numbers = [end for end in ends if isinstance(end, (int, float)) and not isinstance(end, bool)]
        if len(numbers) != 2:
            return "a number needs least and most"
        return "least is more than most" if numbers[0] > numbers[1] else None

    def _refusal(self, value: object, reason: str) -> ParameterInvalid:
        return ParameterInvalid(name=self.name, value=value, reason=reason)


def _switch(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"
