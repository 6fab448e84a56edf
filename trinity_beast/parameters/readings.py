"""The values in force: handed to the parts, which look again at each use."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Generic

from trinity_beast.parameters.errors import ParameterUnknown
from trinity_beast.parameters.model import Parameter, T, Value


class Reading(Generic[T]):
    """One parameter's value at this moment. A part keeps the reading, never the value: it may change any second."""

    __slots__ = ("_value", "parameter")

    def __init__(self, parameter: Parameter[T], value: T | None = None) -> None:
        """Read `value`, or the declared default when it is None.

        Raises:
            ParameterInvalid: `value` does not fit.
        """
        self.parameter = parameter
        self._value: T = parameter.default if value is None else parameter.checked(value)

    @property
    def value(self) -> T:
        """Return the value in force now."""
        return self._value

    def turn(self, value: object) -> None:
        """Put `value` in force from the next use on.

        Raises:
            ParameterInvalid: it does not fit; the value in force stays.
        """
        self._value = self.parameter.checked(value)

    def __repr__(self) -> str:
        return f"Reading({self.parameter.name}={self._value!r})"


class Readings:
    """Every parameter some part reads, by name: at what is stored, else at what was given at the start, else at its default."""

    def __init__(self, given: Mapping[str, str] = MappingProxyType({})) -> None:
        """Begin with the values `given` as text; a part that asks for such a parameter finds it turned."""
        self._by_name: dict[str, Reading[Any]] = {}
        self._given = dict(given)
        self._bases: dict[str, Value] = {}
        self._stored: dict[str, Value] = {}
        self._followers: list[Callable[[], None]] = []

    def of(self, parameter: Parameter[T]) -> Reading[T]:
        """Return the live reading of `parameter`: one and the same object to all who ask.

        Raises:
            ParameterInvalid: the value given at the start does not fit.
            ValueError: another declaration already has this name.
        """
        name = parameter.name
        if name not in self._by_name:
            text = self._given.get(name)
            self._bases[name] = parameter.default if text is None else parameter.parsed(text)
            self._by_name[name] = Reading(parameter, parameter.checked(self._stored.get(name, self._bases[name])))
        reading = self._by_name[name]
        if reading.parameter != parameter:
            raise ValueError(f"parameter {name!r} is declared twice, differently")
        return reading

    def turn(self, name: str, value: object) -> None:
        """Put a value in force by the parameter's name.

        Raises:
            ParameterUnknown: nobody asked for a parameter of this name.
            ParameterInvalid: the value does not fit; the value in force stays.
        """
        if name not in self._by_name:
            raise ParameterUnknown(name=name)
        self._by_name[name].turn(value)
        self._tell()

    def follow(self, follower: Callable[[], None]) -> None:
        """Call `follower` now and after every change: for what cannot look at each use, as a pool that must be made larger."""
        self._followers.append(follower)
        follower()

    def use(self, values: Mapping[str, Value]) -> None:
        """Put the checked values that are stored in force, all of them at once, and every other parameter where it began.

        One that nobody asked for yet waits until somebody does.
        """
        self._stored = dict(values)
        for name, reading in self._by_name.items():
            reading.turn(values.get(name, self._bases[name]))
        self._tell()

    def all_claimed(self) -> None:
        """See to it that every value given at the start was for a parameter of some part: a misspelt one would turn nothing.

        Raises:
            ParameterUnknown: nobody asked for a parameter of this name.
        """
        for name in sorted(set(self._given) - set(self._by_name)):
            raise ParameterUnknown(name=name)

    @property
    def given(self) -> Mapping[str, Value]:
        """Return the values given at the start for the parameters that some part has asked for."""
        return {name: self._bases[name] for name in sorted(self._given) if name in self._bases}

    def values(self) -> Mapping[str, bool | int | float | str]:
        """Return every value in force, by name, in order of name."""
        return {name: self._by_name[name].value for name in sorted(self._by_name)}

    def _tell(self) -> None:
        for follower in self._followers:
            follower()

    def __iter__(self) -> Iterator[Reading[Any]]:
        return iter([self._by_name[name] for name in sorted(self._by_name)])
