"""The sixteen profiles of the program, as the documents name them."""

import pytest

from trinity_beast.compose.knobs import declarations
from trinity_beast.parameters.built_in import PROFILES
from trinity_beast.parameters.profiles import Profile, checked_profile

NAMED = [
    *("demo", "debug", "fresh-price"),
    *("stress", "tcp-direct", "tcp-alb", "udp-direct", "udp-nlb"),
    *("lrs-direct", "lrs-alb", "lrs-udp-direct", "lrs-udp-nlb"),
    *("combined-direct", "combined-alb", "combined-udp-direct", "combined-udp-nlb"),
]


def test_there_are_the_sixteen() -> None:
    assert list(PROFILES) == NAMED


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda one: one.name)
def test_every_value_fits_and_differs_from_its_default(profile: Profile) -> None:
    declared = declarations()
    assert checked_profile(profile) == profile
    assert declared.checked(profile.values) == dict(profile.values)
    defaults = declared.defaults()
    # A value that is the default is said only where another profile says otherwise.
    said = {name for other in PROFILES.values() for name, value in other.values.items() if value != defaults[name]}
    assert profile.values.keys() <= said


@pytest.mark.parametrize("name", [name for name in NAMED if name.endswith(("-alb", "-nlb"))])
def test_behind_a_balancer_the_governor_works_and_straight_it_does_not(name: str) -> None:
    straight = name.replace("-alb", "-direct").replace("-nlb", "-direct")
    assert (PROFILES[name].values["adaptive_enabled"], PROFILES[straight].values["adaptive_enabled"]) == (True, False)
