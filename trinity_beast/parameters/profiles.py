"""Profiles: named sets of values over the defaults. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trinity_beast.parameters.errors import ProfileInvalid

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NAME_CHARACTERS_MAX = 40
DESCRIPTION_CHARACTERS_MAX = 200
RETURN = "previous"
"""Asked for instead of a profile, it brings back what was in force before the last change."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What a whole system is turned to at once. Parameters it does not name stand at their defaults."""

    name: str
    description: str
    values: Mapping[str, Any]
    group: str
    version: int = 0
    """Of a saved one: what a change expects that is to overwrite nobody else's."""


def checked_profile(profile: Profile) -> Profile:
    """Return a profile that may be saved.

    Raises:
        ProfileInvalid: its name is no name, or taken by a word of ours, or its description is empty or too long.
    """
    if not _NAME.fullmatch(profile.name) or len(profile.name) > NAME_CHARACTERS_MAX or profile.name == RETURN:
        raise ProfileInvalid(
            reason=f"a name is words of a-z and 0-9 joined by -, {NAME_CHARACTERS_MAX} characters at most, and not {RETURN}"
        )
    if not 0 < len(profile.description.strip()) <= DESCRIPTION_CHARACTERS_MAX or not profile.description.isprintable():
        raise ProfileInvalid(reason=f"a description is 1 to {DESCRIPTION_CHARACTERS_MAX} printable characters")
    return profile
