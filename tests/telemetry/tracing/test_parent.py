import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.telemetry.tracing.parent import Parent, parent_of

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_a_callers_span_is_read() -> None:
    assert parent_of(f"00-{TRACE}-{SPAN}-01") == Parent(bytes.fromhex(TRACE), bytes.fromhex(SPAN), is_kept=True)
    assert parent_of(f"00-{TRACE}-{SPAN}-00") == Parent(bytes.fromhex(TRACE), bytes.fromhex(SPAN), is_kept=False)


def test_a_newer_version_is_read_as_far_as_it_is_known() -> None:
    assert parent_of(f"cc-{TRACE}-{SPAN}-03-what-the-future-holds") == Parent(bytes.fromhex(TRACE), bytes.fromhex(SPAN), is_kept=True)


@pytest.mark.parametrize(
    "text",
    [
        None, "", "00", f"ff-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01-more", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01", f" 00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01\n", f"cc-{TRACE}-{SPAN}-01-{'x' * 600}",
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be_names_no_span(text: str | None) -> None:
    assert parent_of(text) is None


@given(st.text(alphabet="0f-c1 ", max_size=70))
def test_whatever_comes_is_read_or_left(text: str) -> None:
    found = parent_of(text)
    assert found is None or (len(found.trace_id), len(found.span_id)) == (16, 8)
