"""The text that Prometheus reads."""

from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.telemetry import Histogram, Kind, LatencyRecorder, Metric
from trinity_beast.telemetry.exposition import BOUNDS_SECONDS, exposition

LOOKS = Metric("rest_looks", "Looks.", labels=("venue",))
WAITING = Metric("rest_waiting", "Waiting.", Kind.GAUGE, labels=("venue",))
PAUSED = Metric("rest_paused_seconds", "Paused\\or not.", Kind.GAUGE)
TOOK = Metric("answer_seconds", "How long.", Kind.HISTOGRAM, unit="seconds", labels=("way",))


def test_samples_of_one_name_stand_together_under_one_heading() -> None:
    samples = [LOOKS.at(3, "kraken"), WAITING.at(True, "kraken"), LOOKS.at(2**62 + 1, 'o"kx\n'), PAUSED.at(0.25)]
    assert exposition(samples, node="n", region="r") == (
        "# HELP beast_rest_looks_total Looks.\n"
        "# TYPE beast_rest_looks_total counter\n"
        'beast_rest_looks_total{node="n",region="r",venue="kraken"} 3\n'
        'beast_rest_looks_total{node="n",region="r",venue="o\\"kx\\n"} 4611686018427387905\n'
        "# HELP beast_rest_waiting Waiting.\n"
        "# TYPE beast_rest_waiting gauge\n"
        'beast_rest_waiting{node="n",region="r",venue="kraken"} 1\n'
        "# HELP beast_rest_paused_seconds Paused\\\\or not.\n"
        "# TYPE beast_rest_paused_seconds gauge\n"
        'beast_rest_paused_seconds{node="n",region="r"} 0.25\n'
    )


def test_nothing_to_tell_is_nothing_told() -> None:
    assert exposition([], node="n", region="r") == ""


def test_a_histogram_is_told_with_its_bounds_in_seconds() -> None:
    took = LatencyRecorder()
    for ns in (700, 990, 4_000, 30_000_000, 2**40):
        took.took(ns)
    text = exposition([TOOK.at(took.read(), "http")], node="n", region="r")
    assert text.startswith("# HELP beast_answer_seconds How long.\n# TYPE beast_answer_seconds histogram\n")
    for bound, count in (("1e-06", 2), ("2.5e-06", 2), ("5e-06", 3), ("0.025", 3), ("0.05", 4), ("2.5", 4), ("5", 5), ("+Inf", 5)):
        assert f'beast_answer_seconds_bucket{{node="n",region="r",way="http",le="{bound}"}} {count}\n' in text
    assert 'beast_answer_seconds_sum{node="n",region="r",way="http"} 4.3249' in text
    assert text.endswith('beast_answer_seconds_count{node="n",region="r",way="http"} 5\n')


def test_a_histogram_of_nothing_is_told_too() -> None:
    text = exposition([TOOK.at(Histogram(), "udp")], node="n", region="r")
    assert text.count(" 0\n") == len(BOUNDS_SECONDS) + 3


@given(st.lists(st.integers(0, 2**32), max_size=50))
def test_the_counts_of_a_histogram_are_those_of_its_times_within_the_error(times: list[int]) -> None:
    took = LatencyRecorder()
    for ns in times:
        took.took(ns)
    lines = exposition([TOOK.at(took.read(), "http")], node="n", region="r").splitlines()
    told = [int(line.rpartition(" ")[2]) for line in lines if "_bucket" in line]
    assert told == sorted(told)
    for bound, count in zip(BOUNDS_SECONDS, told, strict=False):
        surely, perhaps = (sum(ns <= bound * 1e9 * (1 + slack) for ns in times) for slack in (-0.008, 0.008))
        assert surely <= count <= perhaps
