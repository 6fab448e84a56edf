"""What can be refused about a parameter."""

from trinity_beast.errors import TrinityError


class ParameterInvalid(TrinityError):
    """The value does not fit the parameter's declaration. Facts: `name`, `value`, `reason`."""

    code, status = "PARAMETER_INVALID", 400


class ParameterUnknown(TrinityError):
    """No part of the program declares a parameter of that name. Fact: `name`."""

    code, status = "PARAMETER_UNKNOWN", 404
