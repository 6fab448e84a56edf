"""Targets as they are written, and whose they may be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.stress.errors import StressPlanInvalid, TargetAway, TargetNotMine
from trinity_beast.stress.model import Protocol, Target
from trinity_beast.stress.targets import expect_mine, read_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("http://127.0.0.1:8080", Target(Protocol.TCP, "127.0.0.1", 8_080)),
        ("http://localhost:8080/", Target(Protocol.TCP, "localhost", 8_080)),
        ("http://[::1]:8080/prices?assets=BTC,ETH", Target(Protocol.TCP, "::1", 8_080, "/prices?assets=BTC,ETH")),
        ("udp://node.example:2679", Target(Protocol.UDP, "node.example", 2_679)),
    ],
)
def test_a_target_is_read_and_written(text: str, target: Target) -> None:
    assert read_target(text) == target
    assert read_target(str(target)) == target


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1:8080", "https://h:1", "http://h", "http://h:0", "http://h:65536", "http://h:x", "http://u:p@h:1", "udp://h:1/x",
             "http://[::1", "http://h:1/#x", "http://h:1/\n", "http://é:1"],
)  # fmt: skip
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(StressPlanInvalid):
        read_target(text)


@given(st.text(max_size=60) | st.text("htpud:/[]@#?.1a", max_size=40))
def test_whatever_is_written_is_a_target_or_is_refused(text: str) -> None:
    try:
        target = read_target(text)
    except StressPlanInvalid:
        return
    assert read_target(str(target)) == target


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.10", "::1", "localhost", "::ffff:127.0.0.1"])
def test_this_machine_may_always_be_asked(host: str) -> None:
    found = expect_mine(Target(Protocol.TCP, host, 80, "/x"), ())
    assert (found.port, found.path) == (80, "/x")


@pytest.mark.parametrize("host", ["192.0.2.1", "0.0.0.0", "::", "2001:db8::1", "::ffff:192.0.2.1"])  # noqa: S104 - Never bound.
def test_another_machine_may_be_asked_only_by_name(host: str) -> None:
    target = Target(Protocol.UDP, host, 53)
    with pytest.raises(TargetNotMine):
        expect_mine(target, ())
    with pytest.raises(TargetNotMine):
        expect_mine(target, ["192.0.2.2"])
    assert expect_mine(target, [host]).port == 53


def test_a_host_without_an_address_is_told() -> None:
    with pytest.raises(TargetAway):
        expect_mine(Target(Protocol.TCP, "nowhere.invalid", 80), ["nowhere.invalid"])
