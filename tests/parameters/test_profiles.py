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


def test_no_two_profiles_are_one() -> None:
    whole = [tuple(sorted(declarations().whole(profile.values).items())) for profile in PROFILES.values()]
    assert len(set(whole)) == len(whole)


@pytest.mark.parametrize("name", [name for name in NAMED if name.endswith(("-alb", "-nlb"))])
def test_behind_a_balancer_the_governor_works_and_straight_it_does_not(name: str) -> None:
    straight = name.replace("-alb", "-direct").replace("-nlb", "-direct")
    assert (PROFILES[name].values["adaptive_enabled"], PROFILES[straight].values["adaptive_enabled"]) == (True, False)


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda one: one.name)
def test_pools_keep_what_they_open_and_those_of_the_cache_are_multiples_of_three(profile: Profile) -> None:
    whole = declarations().whole(profile.values)
    assert whole["db_max_idle_conns"] == whole["db_max_open_conns"]
    assert int(whole["cache_pool_size"]) % 3 == 0


@pytest.mark.parametrize("name", NAMED[3:])
def test_under_stress_prices_are_kept_longer_and_reports_have_more_of_the_database(name: str) -> None:
    whole = declarations().whole(PROFILES[name].values)
    has_reports = not name.startswith(("stress", "tcp", "udp"))
    assert (whole["cache_ttl_seconds"], whole["log_level"]) == (300.0, "error")
    assert (whole["db_max_open_conns"], whole["cache_read_timeout_ms"]) == ((180, 1_000) if has_reports else (150, 500))
