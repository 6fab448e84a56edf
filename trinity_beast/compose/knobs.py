"""The parameters of a node: every declaration of the program, what is stored, and what follows a change by itself."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType

import trinity_beast
from trinity_beast.clock import Clock
from trinity_beast.compose.parameters import LOG_LEVEL
from trinity_beast.parameters import (
    CHANNEL,
    ConfigCache,
    Declarations,
    Deployment,
    ParameterEditor,
    ParameterWatch,
    Readings,
    ThisNode,
    agreements_in,
    declared_in,
    given_values,
)
from trinity_beast.settings import Settings
from trinity_beast.storage import Database, Notices, Valkey


@dataclass(frozen=True, slots=True)
class Knobs:
    """What a node does with parameters, built."""

    declared: Declarations
    readings: Readings
    editor: ParameterEditor
    watch: ParameterWatch
    deployment: Deployment


@lru_cache(maxsize=1)
def declarations() -> Declarations:
    """Return every parameter of the program. They are declared in modules called `parameters`, beside the code that uses them."""
    modules = list(_modules())
    return Declarations(declared_in(*modules), agreements_in(*modules))


def knobs_of(database: Database, cache: Valkey | None, node: ThisNode, clock: Clock, *, given: Mapping[str, str]) -> Knobs:
    """Return the parameters of a node that begins with the values `given` as text, by name.

    Raises:
        ParameterInvalid, ParameterUnknown, ParametersDisagree: what was given does not fit.
    """
    declared = declarations()
    declared.checked({name: declared.named(name).parsed(text) for name, text in given.items()})
    readings = Readings(given)
    notices = Notices(database.url, CHANNEL, clock)
    aside = None if cache is None else ConfigCache(cache)
    watch = ParameterWatch(database, notices, declared, readings, node=node, clock=clock, cache=aside)
    editor = ParameterEditor(database, declared)
    return Knobs(declared, readings, editor, watch, Deployment(database, editor, watch, clock=clock, readings=readings))


def given_of(settings: Settings) -> Mapping[str, str]:
    """Return the values that the settings give parameters to begin with, by name.

    Raises:
        ParameterInvalid: they cannot be read.
    """
    return {LOG_LEVEL.name: settings.log_level, **given_values(settings.parameters)}


def _modules() -> Iterator[ModuleType]:
    return (importlib.import_module(name) for name in _names(list(trinity_beast.__path__), trinity_beast.__name__))


def _names(places: Sequence[str], package: str) -> Iterator[str]:
    """Return the names of modules of parameters, found without importing everything beside them."""
    for found in pkgutil.iter_modules(places):
        if found.ispkg:
            yield from _names([str(Path(place) / found.name) for place in places], f"{package}.{found.name}")
        elif found.name == "parameters":
            yield f"{package}.{found.name}"
