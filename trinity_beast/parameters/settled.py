"""What was set, by whom and why: the nouns of stored parameters. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trinity_beast.parameters.model import Parameter, Value


@dataclass(frozen=True, slots=True)
class Settled:
    """The stored values at one version. What is not among them stands at its default."""

    version: int
    values: Mapping[str, Any]
    profile: str = ""
    """The profile that was applied last, if nothing was set since."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who changes parameters and why. `expected_version` is that of what was read, where it matters."""

    by: str
    reason: str = ""
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """One parameter's change, kept for ever. None stands for the default."""

    version: int
    name: str
    before: Any
    after: Any
    changed_at: datetime
    changed_by: str
    reason: str
    profile: str


@dataclass(frozen=True, slots=True)
class Standing:
    """A parameter and where it stands: `value` by the database, `is_set` where that is not merely its default."""

    parameter: Parameter[Any]
    value: Value
    is_set: bool
    last: Changed | None


@dataclass(frozen=True, slots=True)
class Difference:
    """What would change, or differs between two."""

    name: str
    before: Value
    after: Value


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A node, the version it runs, and when it last said so."""

    node_id: str
    name: str
    version: int
    confirmed_at: datetime


def differences(before: Mapping[str, Value], after: Mapping[str, Value]) -> list[Difference]:
    """Return what differs between two whole sets of values, in order of name."""
    return [Difference(name, before[name], after[name]) for name in sorted(before) if name in after and before[name] != after[name]]
