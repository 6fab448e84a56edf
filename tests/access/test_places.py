"""From where operators may ask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import ManualClock
from trinity_beast.access import AdminKey, AdminPlaceForbidden, Digests, Operators
from trinity_beast.access.places import are_networks, is_among, networks_in
from trinity_beast.parameters import Readings

SECRET = "tb_admin_of_this_test_and_of_no_other"
WRITTEN = "192.0.2.0/24, 2001:db8::/32"


@given(st.ip_addresses(v=4).map(str))
def test_where_no_network_is_named_operators_ask_from_anywhere(address: str) -> None:
    assert is_among(address, networks_in(""))


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", "127.0.0.1", "127.9.9.9", "::1", "::ffff:192.0.2.7"])
def test_they_ask_from_the_networks_named_and_from_this_machine(address: str) -> None:
    assert is_among(address, networks_in(WRITTEN))


@pytest.mark.parametrize("address", ["192.0.3.7", "2001:db9::7", "10.0.0.1", "", "localhost"])
def test_they_ask_from_nowhere_else(address: str) -> None:
    assert not is_among(address, networks_in(WRITTEN))


@given(st.text(max_size=60))
def test_whatever_is_written_is_networks_or_told_to_be_none(text: str) -> None:
    if are_networks(text):
        assert is_among("127.0.0.1", networks_in(text))
    else:
        with pytest.raises(ValueError, match="address"):
            networks_in(text)


def test_whoever_asks_from_elsewhere_is_refused_with_the_right_key_and_loses_no_try(digests: Digests, clock: ManualClock) -> None:
    readings = Readings()
    operators = Operators(AdminKey(digests, digests.digest_of(SECRET)), clock, readings=readings)
    readings.turn("admin_networks", "192.0.2.0/24")
    for secret in [SECRET, "wrong"] * 20:
        with pytest.raises(AdminPlaceForbidden):
            operators.admit(secret, address="203.0.113.7")
    assert operators.turned_away == {"missing": 0, "wrong": 0, "shut_out": 0, "elsewhere": 40}
    operators.admit(SECRET, address="192.0.2.7")
    readings.turn("admin_networks", "")
    operators.admit(SECRET, address="203.0.113.7")
