import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast import engine
from trinity_beast.access.blocklist.network import Network, protected

V4 = st.builds(lambda bits, length: (ipaddress.IPv4Address(bits), length), st.integers(0, 2**32 - 1), st.integers(0, 32))
V6 = st.builds(lambda bits, length: (ipaddress.IPv6Address(bits), length), st.integers(0, 2**128 - 1), st.integers(0, 128))


def the_engines() -> engine.Blocklist:
    clock = engine.Clock.manual(10**18, 10**9)
    return engine.Engine(
        node="n", region="r", version="1", digest_secret=b"s", spool_directory=None, threads=1, clock=clock, limits=engine.Limits()
    ).blocklist


BLOCKLIST = the_engines()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("203.0.113.7/32", "203.0.113.7"),
        ("203.0.113.7/24", "203.0.113.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::/0", "::/0"),
    ],
)
def test_a_network_is_written_in_one_way(written: str, read: str) -> None:
    assert str(Network.read(written)) == read


@pytest.mark.parametrize(
    "text",
    ["", " ", "10.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "::/129", "fe80::1%eth0",
     "010.0.0.1", "1e3", "example.org", "10.0.0.0/٨", "x" * 10_000],
)  # fmt: skip
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither an address nor a network"):
        Network.read(text)


@given(V4 | V6)
def test_what_is_written_reads_as_the_same_and_the_engine_takes_it_so(
    pair: tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int],
) -> None:
    network = Network.read(f"{pair[0]}/{pair[1]}")
    assert Network.read(str(network)) == network
    BLOCKLIST.block(str(network), seconds=60)
    [(told, _)] = BLOCKLIST.entries()
    assert Network.read(told) == network
    assert BLOCKLIST.unblock(str(network))


@given(V4, V4)
def test_two_v4_networks_overlap_where_the_standard_library_says_so(
    one: tuple[ipaddress.IPv4Address, int], other: tuple[ipaddress.IPv4Address, int]
) -> None:
    mine = [Network.read(f"{address}/{length}") for address, length in (one, other)]
    theirs = [ipaddress.ip_network((address, length), strict=False) for address, length in (one, other)]
    assert mine[0].overlaps(mine[1]) == mine[1].overlaps(mine[0]) == theirs[0].overlaps(theirs[1])


@given(V6, st.integers(0, 2**128 - 1))
def test_a_v6_network_holds_the_addresses_that_share_its_prefix(pair: tuple[ipaddress.IPv6Address, int], bits: int) -> None:
    network, address = Network.read(f"{pair[0]}/{pair[1]}"), Network.read(str(ipaddress.IPv6Address(bits)))
    assert network.overlaps(address) == (bits >> (128 - pair[1]) == int(pair[0]) >> (128 - pair[1]))


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        network = Network.read(text)
    except ValueError:
        return
    assert Network.read(str(network)) == network


@pytest.mark.parametrize("network", ["127.0.0.1", "127.1.2.0/24", "0.0.0.0/0", "::1", "::/0", "::ffff:0.0.0.0/96", "126.0.0.0/7"])
def test_loopback_is_protected_however_it_is_held(network: str) -> None:
    assert "loopback" in str(protected(Network.read(network), ""))


def test_whoever_asks_is_protected_from_themselves() -> None:
    assert "your own" in str(protected(Network.read("203.0.113.0/24"), "203.0.113.9"))
    assert "your own" in str(protected(Network.read("203.0.113.0/24"), "::ffff:203.0.113.9"))
    assert protected(Network.read("203.0.113.0/24"), "203.0.114.9") is None
    assert protected(Network.read("203.0.113.0/24"), "") is None
