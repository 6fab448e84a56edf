"""What a key may be kept to: written one way, and nothing that makes no sense."""

import ipaddress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.access.restrictions import Restrictions, Scope, TierLimits, restriction_mistakes, tidied
from trinity_beast.engine import Policy

TIER = TierLimits(Decimal(100), 200, 1_000)


def places(given: Restrictions, tier: TierLimits = TIER) -> list[str]:
    return [mistake.location for mistake in restriction_mistakes(tidied(given), tier)]


def test_nothing_to_keep_to_is_always_right() -> None:
    assert places(Restrictions()) == []


def test_limits_lie_below_the_tiers_or_at_them() -> None:
    assert places(Restrictions(Decimal(100), 200, 1_000)) == []
    assert places(Restrictions(Decimal("100.001"), 201, 1_001)) == ["rate_per_second", "burst", "monthly_quota"]
    assert places(Restrictions(Decimal(0), 0, -1)) == ["rate_per_second", "burst", "monthly_quota"]
    assert places(Restrictions(monthly_quota=10**12), TierLimits(Decimal(1), 1, None)) == []


def test_every_mistake_is_named_at_once() -> None:
    given = Restrictions(burst=0, scopes=frozenset(), networks=("here", "10.0.0.0/33"), origins=("example.org",))
    assert places(given) == ["burst", "networks", "networks", "origins", "scopes"]


def test_lists_are_bounded() -> None:
    assert places(Restrictions(networks=tuple(f"10.0.0.{n}" for n in range(51)))) == ["networks"]


def test_networks_and_origins_are_written_the_one_way_they_are_compared() -> None:
    own = tidied(
        Restrictions(networks=(" 192.0.2.77/24", "192.0.2.0/24", "2001:DB8::0:1", "10.0.0.1/32"), origins=("HTTPS://Example.org/",))
    )
    assert own.networks == ("192.0.2.0/24", "2001:db8::1", "10.0.0.1")
    assert own.origins == ("https://example.org",)


@pytest.mark.parametrize(
    "origin", ["", "null", "example.org", "https://", "https://a b", "https://a/b", "ftp://a", "https://*", "https://a.*.b"]
)
def test_what_is_no_origin_is_refused(origin: str) -> None:
    assert places(Restrictions(origins=(origin,))) == ["origins"]


def test_scopes_say_what_a_key_is_for() -> None:
    own = Restrictions(scopes=frozenset([Scope.REPORTS]))
    assert own.allows(Scope.REPORTS)
    assert not own.allows(Scope.PRICES)
    assert Restrictions().allows(Scope.STREAMS)


networks = st.ip_addresses().map(str) | st.builds(
    lambda address, bits: str(ipaddress.ip_network((address, bits), strict=False)), st.ip_addresses(v=4), st.integers(0, 32)
)
names = st.from_regex(r"[a-z0-9-]{1,10}(\.[a-z0-9-]{1,10}){0,3}", fullmatch=True)
origins = st.builds(
    "{}://{}{}{}".format, st.sampled_from(["http", "https"]), st.sampled_from(["", "*."]), names, st.sampled_from(["", ":8443"])
)


@given(st.lists(networks | st.text(max_size=20), max_size=5), st.lists(origins | st.text(max_size=40), max_size=5))
def test_whatever_is_let_through_the_engine_can_keep_to(networks: list[str], origins: list[str]) -> None:
    own = tidied(Restrictions(networks=tuple(networks), origins=tuple(origins)))
    if not restriction_mistakes(own, TIER):
        Policy(key_id=1, rate_per_second=1.0, burst=1, quota=None, networks=own.networks, origins=own.origins)
    assert tidied(own) == own
