"""What is told to be missing is exactly what is stored and not mirrored, and where a search for it must begin."""

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.usage.mirror.marks import RANGES_MAX, LaneMark, Range, Seen, mark_of
from trinity_beast.usage.model import Span

sequences = st.sets(st.integers(0, 60), max_size=40)


def spans_of(numbers: set[int]) -> list[Span]:
    spans: list[Span] = []
    for number in sorted(numbers):
        if spans and spans[-1].last == number - 1:
            spans[-1] = Span(spans[-1].first, number)
        else:
            spans.append(Span(number, number))
    return spans


def mark_with(numbers: set[int]) -> LaneMark:
    """A mark of a lane whose nth record was written at n * 10 µs."""
    return LaneMark().with_ranges(Range(span.first, span.last, span.last * 10) for span in spans_of(numbers))


@given(stored=sequences, mirrored=sequences)
def test_what_is_missing_is_what_is_stored_and_not_mirrored(stored: set[int], mirrored: set[int]) -> None:
    missing = mark_with(mirrored).missing(spans_of(stored))
    assert sorted(number for each in missing for number in range(each.span.first, each.span.last + 1)) == sorted(stored - mirrored)
    for each in missing:
        assert each.since_us <= each.span.first * 10
        before = [number for number in mirrored if number < each.span.first]
        assert each.since_us == max(before, default=0) * 10


@given(some=sequences, more=sequences)
def test_what_is_mirrored_later_is_joined_in_whatever_order_it_came(some: set[int], more: set[int]) -> None:
    seen = Seen()
    for number in more:
        seen.add(7, number, number * 10)
    joined = mark_with(some).with_ranges(seen.taken().get(7, []))
    assert joined == mark_with(some | more)
    assert seen.taken() == {}


@given(sequences)
def test_a_mark_survives_being_told(numbers: set[int]) -> None:
    assert mark_of(mark_with(numbers).told().encode()) == mark_with(numbers)


@given(
    st.one_of(
        st.binary(), st.text().map(str.encode), st.sampled_from([b"[[5,1,0]]", b"[[1,2]]", b"{}", b"[[1,2,3],[2,4,5]]", b"[[-1,2,3]]"])
    )
)
def test_what_is_no_mark_has_everything_mirrored_anew(text: bytes) -> None:
    mark = mark_of(text)
    assert mark == LaneMark() or mark_of(mark.told().encode()) == mark


def test_a_lane_in_very_many_pieces_costs_bounded_room() -> None:
    mark = mark_with(set(range(0, 4 * RANGES_MAX, 2)))
    assert len(mark.ranges) == RANGES_MAX
    assert mark.ranges[-1] == Range(4 * RANGES_MAX - 2, 4 * RANGES_MAX - 2, (4 * RANGES_MAX - 2) * 10)
