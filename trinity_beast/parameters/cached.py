"""How stored parameters lie in the shared cache: one hash, each whole value by its name, and beside them what was set. Pure."""

import json
import re
from collections.abc import Mapping, Sequence

from trinity_beast.parameters.model import Value
from trinity_beast.parameters.settled import Settled

VERSION, PROFILE, SET = ":version", ":profile", ":set"
"""Fields that are no parameters; no parameter's name has a colon."""
VERSION_DIGITS_MAX = 18
SET_BYTES_MAX = 1_048_576

_PROFILE = re.compile(rb"[a-z0-9-]{0,40}")


def fields_of(settled: Settled, whole: Mapping[str, Value]) -> dict[str, str]:
    """Return the hash's fields. `whole` is every parameter's value, for whoever only reads."""
    told = {name: json.dumps(value) for name, value in sorted(whole.items())}
    return told | {VERSION: str(settled.version), PROFILE: settled.profile, SET: json.dumps(dict(settled.values))}


def settled_of(fields: Sequence[bytes | None]) -> Settled | None:
    """Return what version, profile and what was set say, in this order; None where that is not what we write.

    Values are told as they lie there: whether they fit is for the declarations to say.
    """
    version, profile, values = fields
    if version is None or not version.isdigit() or len(version) > VERSION_DIGITS_MAX:
        return None
    if profile is None or not _PROFILE.fullmatch(profile) or values is None or len(values) > SET_BYTES_MAX:
        return None
    try:
        told = json.loads(values)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not all(isinstance(value, bool | int | float | str) for value in told.values()):
        return None
    return Settled(int(version), told, profile.decode())
