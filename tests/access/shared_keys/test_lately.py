"""What was read before a change is not believed, however it comes back."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.access.test_admission import KEY, TIER
from tests.support.clock import START
from trinity_beast.access import ChangedLately
from trinity_beast.access.model import Change
from trinity_beast.access.shared_keys.lately import COMMIT_MOST
from trinity_beast.access.shared_keys.sealed import KEPT_MOST, SharedKey

SECOND = timedelta(seconds=1)


def read(at: datetime) -> SharedKey:
    return SharedKey(at, KEY, TIER)


def looked(*changes: Change, lately: ChangedLately | None = None, at: datetime = START, is_whole: bool = True) -> ChangedLately:
    lately = lately or ChangedLately()
    lately.looked(changes, at=at, here=at, is_whole=is_whole)
    return lately


def test_before_the_first_look_nothing_is_believed() -> None:
    assert not ChangedLately().believes(read(START))


def test_what_nothing_happened_to_is_believed() -> None:
    assert looked().believes(read(START))
    assert not looked().believes(read(START - KEPT_MOST - COMMIT_MOST))


def test_what_was_read_before_a_change_or_while_it_was_being_made_is_not_believed() -> None:
    for lately in (looked(Change(digest=KEY.digest, changed_at=START)), looked(Change(tier=TIER.name, changed_at=START))):
        assert not lately.believes(read(START - SECOND))
        assert not lately.believes(read(START + COMMIT_MOST))
        assert lately.believes(read(START + COMMIT_MOST + SECOND))


def test_a_change_of_another_key_is_none_of_this_ones() -> None:
    assert looked(Change(digest=b"e" * 32, changed_at=START)).believes(read(START))


def test_a_notice_counts_by_the_databases_clock() -> None:
    lately = ChangedLately()
    lately.looked([], at=START + timedelta(minutes=5), here=START, is_whole=True)  # Our clock is five minutes behind.
    lately.heard(KEY.digest, here=START + SECOND)
    assert not lately.believes(read(START + timedelta(minutes=5)))
    assert lately.believes(read(START + timedelta(minutes=6)))


def test_after_a_look_that_left_something_out_nothing_older_is_believed() -> None:
    lately = looked(lately=looked(), at=START + SECOND, is_whole=False)
    assert not lately.believes(read(START))
    assert lately.believes(read(START + 2 * SECOND))


def test_changes_too_old_to_matter_are_forgotten() -> None:
    lately = looked(Change(digest=KEY.digest, changed_at=START))
    assert looked(lately=lately, at=START + KEPT_MOST + COMMIT_MOST + SECOND).remembered == 0


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1_000)), max_size=40), st.integers(-700, 1_000), st.integers(1, 4))
def test_nothing_from_before_a_change_is_ever_believed_however_little_is_remembered(
    changes: list[tuple[int, int]], read_after: int, entries_max: int
) -> None:
    lately = looked(lately=ChangedLately(entries_max=entries_max))
    last: dict[bytes, datetime] = {}
    for number, after in sorted(changes, key=lambda each: each[1]):
        digest = bytes([number]) * 32
        last[digest] = START + after * SECOND
        lately.heard(digest, here=last[digest])
    assert lately.remembered <= entries_max
    for digest, at in last.items():
        shared = replace(read(START + read_after * SECOND), key=replace(KEY, digest=digest))
        if shared.read_at <= at:
            assert not lately.believes(shared)
