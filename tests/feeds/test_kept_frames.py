"""The sample of a feed's frames stays within its bounds."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.feeds import at
from trinity_beast.feeds.kept_frames import BYTES_MAX, FRAME_BYTES_MAX, FRAMES_MAX, KeptFrames


def test_one_frame_is_kept_in_a_tenth_of_a_second_and_the_first_at_once() -> None:
    kept = KeptFrames()
    for number in range(100):
        kept.offer(b"%d" % number, at(number / 100), binary=False)
    assert [frame.payload for frame in kept.read()] == [b"%d" % number for number in range(0, 100, 10)]


def test_a_frame_too_long_leaves_its_turn_to_the_next() -> None:
    kept = KeptFrames()
    kept.offer(b"x" * (FRAME_BYTES_MAX + 1), at(0), binary=False)
    kept.offer(b"y", at(0), binary=True)
    assert [(frame.payload, frame.is_binary) for frame in kept.read()] == [(b"y", True)]
    kept.clear()
    assert kept.read() == []


@given(st.lists(st.integers(0, FRAME_BYTES_MAX), min_size=50, max_size=400))
def test_what_is_kept_never_outgrows_its_bounds_and_is_always_the_newest(sizes: list[int]) -> None:
    kept = KeptFrames(every_seconds=0)
    for number, size in enumerate(sizes):
        kept.offer(bytes(size), at(number), binary=False)
        frames = kept.read()
        assert len(frames) <= FRAMES_MAX
        assert sum(len(frame.payload) for frame in frames) <= BYTES_MAX
        assert frames[-1].received == at(number)
