"""What a secret looks like, and that a mistyped one is known for what it is."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.randomness import SeededSecrets
from trinity_beast.access import Kind, kind_of
from trinity_beast.access.key_format import new_secret, with_checksum
from trinity_beast.randomness import BASE62, SystemSecrets

bodies = st.text(BASE62, min_size=32, max_size=32)
kinds = st.sampled_from(Kind)


@given(kinds, bodies)
def test_every_secret_we_make_is_read_as_its_kind(kind: Kind, body: str) -> None:
    assert kind_of(with_checksum(f"tb_{kind}_{body}")) is kind


@given(kinds, bodies, st.integers(0, 45), st.sampled_from(BASE62 + "_- é"))
def test_any_one_mistyped_character_is_noticed(kind: Kind, body: str, at: int, typed: str) -> None:
    secret = with_checksum(f"tb_{kind}_{body}")
    at = min(at, len(secret) - 1)
    mistyped = secret[:at] + typed + secret[at + 1 :]
    assert kind_of(mistyped) is (kind if mistyped == secret else None)


@given(kinds, bodies, st.integers(0, 44))
def test_two_swapped_neighbours_are_noticed(kind: Kind, body: str, at: int) -> None:
    secret = with_checksum(f"tb_{kind}_{body}")
    at = min(at, len(secret) - 2)
    swapped = secret[:at] + secret[at + 1] + secret[at] + secret[at + 2 :]
    assert kind_of(swapped) is (kind if swapped == secret else None)


@given(st.text(max_size=60))
def test_no_text_at_all_breaks_the_reader(text: str) -> None:
    kind_of(text)


def test_a_key_of_one_kind_cannot_be_passed_off_as_another() -> None:
    demo = new_secret(Kind.DEMO, SeededSecrets())
    assert kind_of(demo.replace("tb_demo_", "tb_live_")) is None


def test_the_checksum_is_crc_32_in_base62_most_significant_digit_first() -> None:
    text = "tb_test_" + "0" * 32
    number = 0
    for character in with_checksum(text)[-6:]:
        number = number * 62 + BASE62.index(character)
    assert number == zlib.crc32(text.encode())


@pytest.mark.parametrize("cut", ["", "tb_live_", "tb_admin_", "live"])
def test_what_is_too_short_is_none(cut: str) -> None:
    assert kind_of(cut) is None


def test_a_secret_is_46_characters_and_never_the_same_twice() -> None:
    secrets = {new_secret(Kind.LIVE, SystemSecrets()) for _ in range(100)}
    assert len(secrets) == 100
    assert {len(secret) for secret in secrets} == {46}
