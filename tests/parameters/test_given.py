import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.parameters import Parameter, ParameterInvalid, ParameterUnknown, Readings, given_values

STALE = Parameter("stale_after_seconds", group="pricing", unit="s", default=90, least=5, most=3600, help="Older is refused.")
NAMES = st.from_regex(r"[a-z]{1,9}(_[a-z]{1,9}){0,2}", fullmatch=True)
VALUES = st.from_regex(r"[A-Za-z0-9.+-]{1,9}", fullmatch=True)


@given(st.dictionaries(NAMES, VALUES, max_size=8), st.sampled_from([" ", ",", ", ", "\n"]))
def test_what_is_written_is_read(values: dict[str, str], between: str) -> None:
    assert given_values(between.join(f"{name}={value}" for name, value in values.items())) == values


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        values = given_values(text)
    except ParameterInvalid:
        return
    assert all(name and value for name, value in values.items())


@pytest.mark.parametrize("text", ["stale", "=5", "stale=", "a=1 a=2"])
def test_a_word_that_is_no_value_is_refused(text: str) -> None:
    with pytest.raises(ParameterInvalid):
        given_values(text)


@pytest.mark.parametrize(("text", "value"), [("5", 5), ("3600", 3600)])
def test_a_part_finds_the_value_given_at_the_start(text: str, value: int) -> None:
    readings = Readings({"stale_after_seconds": text})
    assert readings.of(STALE).value == value
    assert readings.of(STALE) is readings.of(STALE)
    readings.all_claimed()


@pytest.mark.parametrize("text", ["4", "3601", "soon"])
def test_a_value_given_at_the_start_that_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ParameterInvalid):
        Readings({"stale_after_seconds": text}).of(STALE)


def test_a_value_for_a_parameter_no_part_has_is_refused_once_all_are_built() -> None:
    readings = Readings({"stale_after_second": "60"})
    assert readings.of(STALE).value == 90
    with pytest.raises(ParameterUnknown):
        readings.all_claimed()


def test_what_is_stored_goes_before_what_was_given_and_what_was_given_before_the_default() -> None:
    readings = Readings({"stale_after_seconds": "60"})
    reading = readings.of(STALE)
    readings.use({"stale_after_seconds": 30})
    assert reading.value == 30
    readings.use({})
    assert reading.value == 60
    assert readings.given == {"stale_after_seconds": 60}


def test_a_part_that_asks_late_finds_what_is_stored() -> None:
    readings = Readings({"stale_after_seconds": "60"})
    readings.use({"stale_after_seconds": 30})
    assert readings.of(STALE).value == 30
