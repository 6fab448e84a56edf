import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.telemetry.latency import Histogram, decoded, encoded
from trinity_beast.telemetry.latency.buckets import BUCKETS

histograms = st.builds(
    Histogram,
    st.dictionaries(st.integers(0, BUCKETS - 1), st.integers(1, 2**63), max_size=60),
    st.integers(0, 2**63),
)


@given(histograms)
def test_what_was_encoded_comes_back(histogram: Histogram) -> None:
    assert decoded(encoded(histogram)) == histogram


def test_the_text_is_as_it_is_documented() -> None:
    assert encoded(Histogram({707: 2, 719: 1}, 1400)) == "1 1400 707:2 12:1"
    assert encoded(Histogram()) == "1 0"


def test_every_bucket_full_is_still_a_short_text() -> None:
    full = Histogram(dict.fromkeys(range(BUCKETS), 10**9), 10**18)
    assert decoded(encoded(full)) == full
    assert len(encoded(full)) < 25_000


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "2 0", "1 x", "1 -1", "1 0 5", "1 0 5:", "1 0 5:0", "1 0 5:1 0:1", "1 0 1728:1", "1 0 1727:1 1:1", "1 0  5:1", "1 0 5:1 ",
        "1 0 ٣:1", "1 0 5:1:1", "1 " + "9" * 21, "1 0" + " 1:1" * 2_000,
    ],
)  # fmt: skip
def test_what_is_no_histogram_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"histogram|number"):
        decoded(text)


@given(st.text(alphabet="019: x-٣", max_size=40))
def test_whatever_comes_is_refused_or_encodes_again(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert decoded(encoded(decoded(text))) == decoded(text)
