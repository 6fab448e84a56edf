"""Every parameter of the program, whether or not a running part has asked for it, and what they must agree upon. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from trinity_beast.parameters.errors import ParameterInvalid, ParametersDisagree, ParameterUnknown
from trinity_beast.parameters.model import Parameter, Value


@dataclass(frozen=True, slots=True)
class Agreement:
    """What several parameters' values must fulfil together, in a sentence: "the least window is not above the widest"."""

    names: tuple[str, ...]
    sentence: str
    holds: Callable[[Mapping[str, Any]], bool]


def not_above(lower: Parameter[Any], upper: Parameter[Any]) -> Agreement:
    """Return the agreement that one parameter's value is at most another's."""
    sentence = f"{lower.name} is at most {upper.name}"
    return Agreement((lower.name, upper.name), sentence, lambda values: bool(values[lower.name] <= values[upper.name]))


class Declarations:
    """All parameters by name, in order, and their agreements.

    Raises:
        ValueError: two differ under one name, or the defaults break an agreement.
    """

    def __init__(self, parameters: Iterable[Parameter[Any]], agreements: Iterable[Agreement] = ()) -> None:
        self._by_name: dict[str, Parameter[Any]] = {}
        for parameter in sorted(parameters, key=lambda one: one.name):
            if self._by_name.setdefault(parameter.name, parameter) != parameter:
                raise ValueError(f"parameter {parameter.name!r} is declared twice, differently")
        self._agreements = tuple(agreements)
        for agreement in self._broken_by(self.defaults()):
            raise ValueError(f"the defaults disagree: {agreement.sentence}")

    def __iter__(self) -> Iterator[Parameter[Any]]:
        return iter(self._by_name.values())

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    @property
    def agreements(self) -> Sequence[Agreement]:
        """Return what they must agree upon."""
        return self._agreements

    def named(self, name: str) -> Parameter[Any]:
        """Return a parameter.

        Raises:
            ParameterUnknown: none is called so.
        """
        try:
            return self._by_name[name]
        except KeyError:
            raise ParameterUnknown(name=name) from None

    def defaults(self) -> dict[str, Value]:
        """Return every parameter's default."""
        return {name: parameter.default for name, parameter in self._by_name.items()}

    def whole(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """Return every parameter's value where these are set and the others stand at their defaults."""
        return self.defaults() | {name: value for name, value in values.items() if name in self._by_name}

    def checked(self, values: Mapping[str, object]) -> dict[str, Value]:
        """Return values that fit one by one and together, the others standing at their defaults.

        Raises:
            ParameterUnknown: one of them nobody declares.
            ParameterInvalid: one of them does not fit.
            ParametersDisagree: together they break an agreement.
        """
        fitting: dict[str, Value] = {name: self.named(name).checked(value) for name, value in values.items()}
        for agreement in self._broken_by(self.whole(fitting)):
            raise ParametersDisagree(names=", ".join(agreement.names), agreement=agreement.sentence)
        return fitting

    def usable(self, values: Mapping[str, object]) -> tuple[dict[str, Value], list[str]]:
        """Return those of stored values that this program can use, and the names of the others.

        Another version may have written them: what it does not declare, or declares otherwise, stands at its default here.
        """
        good: dict[str, Value] = {}
        for name, value in values.items():
            try:
                good[name] = self.named(name).checked(value)
            except (ParameterUnknown, ParameterInvalid):
                continue
        # Only together can they be judged: what agrees with another value need not agree with that one's default.
        while broken := next(self._broken_by(self.whole(good)), None):
            good = {name: value for name, value in good.items() if name not in broken.names}
        return good, sorted(set(values) - set(good))

    def _broken_by(self, whole: Mapping[str, Value]) -> Iterator[Agreement]:
        return (agreement for agreement in self._agreements if not agreement.holds(whole))


def agreements_in(*modules: ModuleType) -> list[Agreement]:
    """Return the agreements that modules declare as their constants."""
    return [value for module in modules for value in vars(module).values() if isinstance(value, Agreement)]


def declared_in(*modules: ModuleType) -> list[Parameter[Any]]:
    """Return the parameters that modules declare as their constants."""
    return [value for module in modules for value in vars(module).values() if isinstance(value, Parameter)]
