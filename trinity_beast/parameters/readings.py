"""The values in force: handed to the parts, which look again at each use."""

from collections.abc import Iterator, Mapping
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
    """Every parameter the running parts were given, by name."""

    def __init__(self) -> None:
        self._by_name: dict[str, Reading[Any]] = {}
        self._stored: dict[str, Value] = {}

    def of(self, parameter: Parameter[T]) -> Reading[T]:
        """Return the live reading of `parameter`: one and the same object to all who ask.

        Raises:
            ValueError: another declaration already has this name.
        """
        reading = self._by_name.get(parameter.name)
        if reading is None:
            stored = self._stored.get(parameter.name)
            reading = self._by_name[parameter.name] = Reading(parameter, None if stored is None else parameter.checked(stored))
        if reading.parameter != parameter:
            raise ValueError(f"parameter {parameter.name!r} is declared twice, differently")
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

    def use(self, values: Mapping[str, Value]) -> None:
        """Put checked values in force, all of them at once; one that nobody asked for yet waits until somebody does."""
        self._stored = dict(values)
        for name, reading in self._by_name.items():
            if name in values:
                reading.turn(values[name])

    def values(self) -> Mapping[str, bool | int | float | str]:
        """Return every value in force, by name, in order of name."""
        return {name: self._by_name[name].value for name in sorted(self._by_name)}

    def __iter__(self) -> Iterator[Reading[Any]]:
        return iter([self._by_name[name] for name in sorted(self._by_name)])
