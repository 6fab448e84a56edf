from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.content.model import Text

UNKNOWN = Text("No such asset", "There is no asset called {asset}.", "Did you mean {near}?", "No such asset.", "Ask for all.")


def test_facts_are_put_where_the_text_names_them() -> None:
    told = UNKNOWN.told({"asset": "BTX", "near": ("BTC", "BTG")})
    assert (told.title, told.message, told.fix) == ("No such asset", "There is no asset called BTX.", "Did you mean BTC, BTG?")


def test_a_fact_that_is_absent_or_empty_gives_the_plain_sentence() -> None:
    told = UNKNOWN.told({"near": ()})
    assert (told.message, told.fix) == ("No such asset.", "Ask for all.")


def test_a_zero_is_a_fact() -> None:
    assert Text("t", "{count} left.", "f", "None left.").told({"count": 0}).message == "0 left."


def test_a_time_is_told_to_the_minute_in_utc() -> None:
    at = datetime(2026, 11, 20, 9, 30, tzinfo=timezone(timedelta(hours=2)))
    assert Text("t", "Until {at}.", "f", "Later.").told({"at": at}).message == "Until 2026-11-20 07:30 UTC."
    assert Text("t", "Until {at}.", "f", "Later.").told({"at": datetime(2026, 1, 1, tzinfo=UTC)}).message.endswith("00:00 UTC.")


def test_a_number_is_told_without_idle_digits() -> None:
    assert Text("t", "{seconds} s", "f").told({"seconds": 5.0}).message == "5 s"
    assert Text("t", "{seconds} s", "f").told({"seconds": 0.25}).message == "0.25 s"


@given(st.text(min_size=1))
def test_a_fact_is_never_taken_for_a_template(fact: str) -> None:
    assert Text("t", "<{asset}>", "f", "plain").told({"asset": fact}).message == f"<{fact}>"
