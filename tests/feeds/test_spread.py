from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.feeds.spread import spread
from trinity_beast.words import Symbol

SYMBOLS = st.lists(st.sampled_from([Symbol(letter) for letter in "ABCDEFGHIJ"]), unique=True, max_size=10)


@given(SYMBOLS, SYMBOLS, st.integers(1, 4), st.integers(1, 4))
def test_every_symbol_has_one_place_none_is_crowded_and_none_moves_without_need(
    before: list[Symbol], after: list[Symbol], room_before: int, room: int
) -> None:
    held = spread(before, [], room_before)
    shares = spread(after, held, room)
    assert sorted(symbol for share in shares for symbol in share) == sorted(after)
    assert all(len(share) <= room for share in shares)
    assert all(shares[len(held) :])
    for old, new in zip(held, shares, strict=False):
        kept = [symbol for symbol in old if symbol in after]
        assert new[: len(kept[:room])] == kept[:room]
