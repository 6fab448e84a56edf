import pytest

from tests.telemetry import test_exposition as one_module
from trinity_beast.telemetry import Kind, Metric, metrics_in


def test_a_metric_is_told_under_a_name_that_says_its_kind() -> None:
    assert Metric("looks", "Looks.").exposed == "beast_looks_total"
    assert Metric("waiting", "Waiting.", Kind.GAUGE).exposed == "beast_waiting"
    assert Metric("answer_seconds", "Took.", Kind.HISTOGRAM).exposed == "beast_answer_seconds"


@pytest.mark.parametrize(
    ("name", "about", "labels"),
    [("Looks", "Looks.", ()), ("looks-", "Looks.", ()), ("looks", "Looks", ()), ("looks", "Looks.", ("the venue",))],
)
def test_a_declaration_that_cannot_be_is_refused(name: str, about: str, labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"metric 'l|metric 'L"):
        Metric(name, about, labels=labels)


def test_a_value_has_as_many_labels_as_were_declared() -> None:
    with pytest.raises(ValueError, match="zip"):
        Metric("looks", "Looks.", labels=("venue",)).at(1)


def test_metrics_are_found_in_modules_by_name() -> None:
    assert [metric.name for metric in metrics_in(one_module)] == ["answer_seconds", "rest_looks", "rest_paused_seconds", "rest_waiting"]


def test_one_name_cannot_mean_two_things() -> None:
    class Other:
        LOOKS = Metric("rest_looks", "Other looks.", labels=("venue",))

    with pytest.raises(ValueError, match="declared twice"):
        metrics_in(one_module, Other)  # type: ignore[arg-type]  # Whatever has names will do.
