"""What an operator may turn while the program runs: declared once, read at each use, stored with its history."""

from trinity_beast.parameters.config_cache import ConfigCache
from trinity_beast.parameters.declared import Agreement, Declarations, agreements_in, declared_in, not_above
from trinity_beast.parameters.deploying import Deployment
from trinity_beast.parameters.errors import ParameterInvalid, ParameterUnknown
from trinity_beast.parameters.given import given_values
from trinity_beast.parameters.model import Parameter, Value
from trinity_beast.parameters.readings import Reading, Readings
from trinity_beast.parameters.refreshing import refresh_config
from trinity_beast.parameters.service import ParameterEditor
from trinity_beast.parameters.watch import CHANNEL, ParameterWatch, ThisNode

__all__ = [
    "CHANNEL",
    "Agreement",
    "ConfigCache",
    "Declarations",
    "Deployment",
    "Parameter",
    "ParameterEditor",
    "ParameterInvalid",
    "ParameterUnknown",
    "ParameterWatch",
    "Reading",
    "Readings",
    "ThisNode",
    "Value",
    "agreements_in",
    "declared_in",
    "given_values",
    "not_above",
    "refresh_config",
]
