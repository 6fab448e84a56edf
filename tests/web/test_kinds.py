from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from trinity_beast.web import Day

DAY = TypeAdapter(Day)


@given(st.dates())
def test_a_day_is_read_as_it_is_written(day: date) -> None:
    assert DAY.validate_python(day.isoformat()) == day


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "86400",
        "2026-11-20T00:00:00",
        "2026-02-30",
        "20261120",
        "",
        "\u0662\u0660\u0662\u0666-\u0661\u0661-\u0662\u0660",
        "2026-11-20 ",
    ],
)
def test_nothing_else_is_a_day(text: str) -> None:
    with pytest.raises(ValidationError):
        DAY.validate_python(text)
