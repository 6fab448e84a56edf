"""What can be refused about a parameter."""

from trinity_beast.errors import TrinityError


class ParameterInvalid(TrinityError):
    """The value does not fit the parameter's declaration. Facts: `name`, `value`, `reason`."""

    code, status = "PARAMETER_INVALID", 400


class ParameterUnknown(TrinityError):
    """No part of the program declares a parameter of that name. Fact: `name`."""

    code, status = "PARAMETER_UNKNOWN", 404


class ParametersDisagree(TrinityError):
    """Values that fit one by one contradict each other. Facts: `names`, `agreement`."""

    code, status = "PARAMETERS_DISAGREE", 422


class ProfileUnknown(TrinityError):
    """There is no profile of that name. Facts: `profile`, `profiles`."""

    code, status = "PROFILE_UNKNOWN", 404


class ProfileFixed(TrinityError):
    """The profile comes with the program and is not to be overwritten. Fact: `profile`."""

    code, status = "PROFILE_FIXED", 409


class ProfileInvalid(TrinityError):
    """The profile's name or description cannot be used. Fact: `reason`."""

    code, status = "PROFILE_INVALID", 400


class VersionUnknown(TrinityError):
    """Parameters were never at that version. Facts: `version`, `newest`."""

    code, status = "PARAMETER_VERSION_UNKNOWN", 404


class NothingBefore(TrinityError):
    """Parameters were never changed, so there is nothing to return to."""

    code, status = "NOTHING_BEFORE", 409
