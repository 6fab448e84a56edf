"""What an operator may turn while the program runs: declared once, read at each use."""

from trinity_beast.parameters.errors import ParameterInvalid, ParameterUnknown
from trinity_beast.parameters.given import given_values
from trinity_beast.parameters.model import Parameter
from trinity_beast.parameters.readings import Reading, Readings

__all__ = ["Parameter", "ParameterInvalid", "ParameterUnknown", "Reading", "Readings", "given_values"]
