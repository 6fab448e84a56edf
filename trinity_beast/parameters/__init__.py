"""What an operator may turn while the program runs: declared once, read at each use, stored with its history."""

from trinity_beast.parameters.declared import Agreement, Declarations, declared_in, not_above
from trinity_beast.parameters.errors import ParameterInvalid, ParameterUnknown
from trinity_beast.parameters.given import given_values
from trinity_beast.parameters.model import Parameter, Value
from trinity_beast.parameters.readings import Reading, Readings

__all__ = [
    "Agreement",
    "Declarations",
    "Parameter",
    "ParameterInvalid",
    "ParameterUnknown",
    "Reading",
    "Readings",
    "Value",
    "declared_in",
    "given_values",
    "not_above",
]
