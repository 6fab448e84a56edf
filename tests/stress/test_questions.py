"""What is asked: whole, in turn, and never with bytes that break a request in two."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.stress.errors import StressPlanInvalid
from trinity_beast.stress.model import Protocol, Target
from trinity_beast.stress.questions import QUESTIONS_MAX, questions
from trinity_beast.words import Asset

TCP, UDP = Target(Protocol.TCP, "127.0.0.1", 8_080), Target(Protocol.UDP, "127.0.0.1", 2_679)
BTC, ETH = Asset("BTC"), Asset("ETH")


def test_every_asset_is_asked_for_with_every_key() -> None:
    asked = questions(TCP, keys=["one", "two"], assets=[BTC, ETH], keeps_alive=True)
    assert len(asked) == 4
    assert asked[0] == b"GET /price?asset=BTC HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAuthorization: Bearer one\r\n\r\n"


def test_a_datagram_has_a_place_for_its_id_and_room_for_its_answer() -> None:
    (asked,) = questions(UDP, keys=["one"], assets=[BTC], keeps_alive=True)
    assert json.loads(asked) == {"key": "one", "asset": "BTC", "id": "############"}
    assert len(asked) == 160


def test_a_path_is_asked_as_it_is_with_or_without_a_key() -> None:
    health = Target(Protocol.TCP, "::1", 80, "/health")
    assert questions(health, keys=[], assets=[], keeps_alive=False) == (
        b"GET /health HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n",
    )


@pytest.mark.parametrize(
    ("target", "keys", "assets"),
    [
        (TCP, [], [BTC]),
        (UDP, ["one"], []),
        (TCP, ["one\r\nHost: other"], [BTC]),
        (TCP, ["schlüssel"], [BTC]),
        (UDP, ["x" * 1_200], [BTC]),
        (UDP, ["############"], [BTC]),
        (TCP, ["one"], [Asset(f"A{number}") for number in range(QUESTIONS_MAX + 1)]),
        (Target(Protocol.TCP, "h", 1, "/a b"), ["one"], [BTC]),
        (Target(Protocol.TCP, "h", 1, "a"), ["one"], [BTC]),
    ],
)
def test_what_cannot_be_asked_is_refused(target: Target, keys: list[str], assets: list[Asset]) -> None:
    with pytest.raises(StressPlanInvalid):
        questions(target, keys=keys, assets=assets, keeps_alive=True)


@given(st.text(max_size=20), st.text(max_size=10))
def test_nothing_a_key_or_an_asset_may_be_ends_the_head_early(key: str, asset: str) -> None:
    try:
        (head,) = questions(TCP, keys=[key], assets=[Asset(asset)], keeps_alive=True)
    except StressPlanInvalid:
        return
    assert head.count(b"\r\n\r\n") == 1
    assert head.endswith(b"\r\n\r\n")
    assert head.count(b"\r\n") in {3, 4}
