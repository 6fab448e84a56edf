import pytest

from trinity_beast.parameters import Parameter, ParameterInvalid, ParameterUnknown, Reading, Readings

STALE = Parameter("stale_after_seconds", group="pricing", unit="s", default=90, least=5, most=3600, help="Older is refused.")


def test_a_reading_says_the_default_until_turned() -> None:
    reading = Readings().of(STALE)
    assert reading.value == 90


def test_all_who_ask_hold_the_same_reading_and_see_it_turn() -> None:
    readings = Readings()
    held = readings.of(STALE)
    readings.turn("stale_after_seconds", 60)
    assert held is readings.of(STALE)
    assert held.value == 60
    assert readings.values() == {"stale_after_seconds": 60}


def test_a_value_that_does_not_fit_leaves_the_old_one_in_force() -> None:
    readings = Readings()
    held = readings.of(STALE)
    with pytest.raises(ParameterInvalid):
        readings.turn("stale_after_seconds", 4)
    assert held.value == 90


def test_a_reading_begins_with_the_value_it_is_given_if_that_fits() -> None:
    assert Reading(STALE, 5).value == 5
    with pytest.raises(ParameterInvalid):
        Reading(STALE, 0)


def test_a_name_declared_twice_differently_is_refused() -> None:
    readings = Readings()
    readings.of(STALE)
    with pytest.raises(ValueError, match="declared twice"):
        readings.of(Parameter("stale_after_seconds", group="pricing", unit="s", default=80, least=5, most=3600, help="Older is refused."))


def test_a_name_nobody_declared_is_refused() -> None:
    with pytest.raises(ParameterUnknown):
        Readings().turn("no_such", 1)


def test_readings_are_told_in_order_of_name() -> None:
    readings = Readings()
    for name in ("b", "a", "c"):
        readings.of(Parameter(name, group="g", default=1, least=0, most=2, help="A number."))
    assert [reading.parameter.name for reading in readings] == ["a", "b", "c"]
