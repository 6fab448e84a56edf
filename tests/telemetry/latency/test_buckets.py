from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.telemetry.latency.buckets import BUCKETS, ERROR_MAX, NS_MOST, bucket_of, least_of, middle_of

times = st.integers(0, NS_MOST)


def test_buckets_follow_each_other_without_a_gap_up_to_the_longest_time() -> None:
    assert (bucket_of(0), bucket_of(NS_MOST), least_of(BUCKETS)) == (0, BUCKETS - 1, NS_MOST + 1)
    assert all(bucket_of(least_of(bucket)) == bucket == bucket_of(least_of(bucket + 1) - 1) for bucket in range(BUCKETS))


def test_what_took_longer_than_is_told_apart_is_in_the_last_bucket() -> None:
    assert bucket_of(10**18) == BUCKETS - 1


@given(times)
def test_the_middle_of_a_bucket_is_as_near_as_promised(ns: int) -> None:
    assert abs(middle_of(bucket_of(ns)) - ns) <= ns * ERROR_MAX


@given(times, times)
def test_a_longer_time_is_never_in_an_earlier_bucket(one: int, other: int) -> None:
    assert (bucket_of(one) <= bucket_of(other)) or one > other
