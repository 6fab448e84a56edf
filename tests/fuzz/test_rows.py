from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.rows import check_refusal, check_row, row_of
from trinity_beast.feeds.grammar import COLUMNS, Fault, RowInvalid, parse_row
from trinity_beast.feeds.reading import FrameReader

CORPUS = Path(__file__).parent / "corpus" / "rows"
SEEDS = sorted(CORPUS.iterdir())
VENUES = ["coinbase", "gemini", "kraken", "gateio", "cryptocom", "okx", "bitstamp", "bybit", "binance", "htx", "coinbaseexchange"]


@st.composite
def changed_seeds(draw: st.DrawFn) -> bytes:
    """A known input with a few places cut out, typed over or doubled."""
    data = draw(st.sampled_from(SEEDS)).read_bytes()
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        to = draw(st.integers(at, min(len(data), at + 40)))
        data = (
            data[:at]
            + draw(st.sampled_from([b"", data[at:to] * 2, b'"', b"}", b"[]", b"|", b"{SYMBOL}", b"\xff", b"^", b"null"]))
            + data[to:]
        )
    return data


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.name)
def test_the_grammar_keeps_its_promises_on_every_known_input(seed: Path) -> None:
    check_row(seed.read_bytes())


@given(changed_seeds())
def test_the_grammar_keeps_its_promises_on_mistyped_rows(data: bytes) -> None:
    check_row(data)


@pytest.mark.parametrize("venue", VENUES)
def test_the_corpus_reaches_the_frame_reader_of_every_documented_row(venue: str) -> None:
    head, _, frame = (CORPUS / f"{venue}-trade").read_bytes().partition(b"\n\n")

    values = row_of(head.decode())
    read = FrameReader(parse_row(values)).read(frame, 0, 0)

    assert set(values) == set(COLUMNS)
    assert read.trades[-1].price.startswith("97123")


def test_a_refusal_that_tells_nothing_is_a_finding() -> None:
    with pytest.raises(AssertionError, match="says what is wrong"):
        check_refusal(RowInvalid(venue="coinbase", faults=[]))


def test_a_fault_that_points_past_its_text_is_a_finding() -> None:
    with pytest.raises(AssertionError, match="points into its text"):
        check_refusal(RowInvalid(venue="coinbase", faults=[Fault("price_path", "a.b", 5, "a name", "nothing")]))
