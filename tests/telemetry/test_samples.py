from trinity_beast.telemetry import Sample
from trinity_beast.telemetry.samples import exposition


def test_samples_of_one_name_stand_together_under_one_heading() -> None:
    samples = [
        Sample("rest_looks", 3, "Looks.", (("venue", "kraken"),)),
        Sample("rest_waiting", 2, "Waiting.", (("venue", "kraken"),), is_gauge=True),
        Sample("rest_looks", 1, "Looks.", (("venue", 'o"kx'),)),
        Sample("rest_paused_seconds", 0.25, "Paused.", is_gauge=True),
    ]
    assert exposition(samples, node="n", region="r") == (
        "# HELP beast_rest_looks_total Looks.\n"
        "# TYPE beast_rest_looks_total counter\n"
        'beast_rest_looks_total{node="n",region="r",venue="kraken"} 3\n'
        'beast_rest_looks_total{node="n",region="r",venue="o\\"kx"} 1\n'
        "# HELP beast_rest_waiting Waiting.\n"
        "# TYPE beast_rest_waiting gauge\n"
        'beast_rest_waiting{node="n",region="r",venue="kraken"} 2\n'
        "# HELP beast_rest_paused_seconds Paused.\n"
        "# TYPE beast_rest_paused_seconds gauge\n"
        'beast_rest_paused_seconds{node="n",region="r"} 0.25\n'
    )


def test_nothing_to_tell_is_nothing_told() -> None:
    assert exposition([], node="n", region="r") == ""
