import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.content.languages import language_of

OFFERED = ("en", "pt", "zh-hant")


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("pt", "pt"),
        ("pt-BR", "pt"),
        ("fr, pt;q=0.5", "pt"),
        ("en;q=0.2, pt;q=0.9", "pt"),
        ("zh-Hant-TW", "zh-hant"),
        ("zh", "zh-hant"),
        ("zh-Hans", "en"),
        ("*", "en"),
        ("pt;q=0, *", "en"),
        ("pt;q=0, pt-BR", "en"),
        ("pt;q=2", "en"),
        ("pt;q=lots, de", "en"),
        ("PT", "pt"),
    ],
)
def test_the_language_liked_best_among_those_offered_is_spoken(wish: str | None, language: str) -> None:
    assert language_of(wish, OFFERED) == language


@given(st.text(max_size=200))
def test_whatever_is_wished_a_language_we_speak_is_chosen(wish: str) -> None:
    assert language_of(wish, OFFERED) in OFFERED
