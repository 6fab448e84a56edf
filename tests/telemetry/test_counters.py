import pytest

from trinity_beast.telemetry import Counters, Histogram, Kind
from trinity_beast.telemetry.catalog import CONTRACT, OWN


class Counting:
    """Counts as the engine does."""

    def __init__(self, **counted: int) -> None:
        self.counted = counted

    def read(self) -> dict[str, int]:
        return dict(self.counted)

    def latencies(self) -> dict[str, tuple[int, list[tuple[int, int]]]]:
        return {"http": (1_400, [(700, 2)])}

    def add(self, name: str, amount: int = 1) -> None:
        self.counted[name] += amount

    def set(self, name: str, value: int) -> None:
        if name not in self.counted:
            raise KeyError(name)
        self.counted[name] = value


def test_the_contract_has_twenty_four_in_its_order() -> None:
    assert len(CONTRACT) == 24
    assert list(CONTRACT)[:4] == ["tcp_requests", "udp_requests", "lrs_requests", "syncmap_hits"]
    assert list(CONTRACT)[-4:] == ["prices_unavailable", "usage_recorded", "usage_lost", "handed_over"]


def test_the_twenty_four_are_always_told_and_come_first() -> None:
    told = Counters(Counting(timeouts=2, tcp_requests=5)).read()
    assert list(told) == [*CONTRACT, "timeouts"]
    assert (told["tcp_requests"], told["udp_requests"], told["timeouts"]) == (5, 0, 2)


def test_what_is_counted_here_is_read_back() -> None:
    counters = Counters(Counting(cache_misses=1, db_open_conns=0))
    counters.add("cache_misses", 2)
    counters.set("db_open_conns", 7)
    assert (counters.contract()["cache_misses"], counters.contract()["db_open_conns"]) == (3, 7)
    with pytest.raises(KeyError):
        counters.set("no_such", 1)


def test_every_counter_is_a_metric_with_its_kind_and_unit() -> None:
    told = {sample.name: sample for sample in Counters(Counting(tcp_requests=5, db_open_conns=2, shed=1)).samples()}
    assert (told["tcp_requests"].value, told["tcp_requests"].metric.exposed) == (5, "beast_tcp_requests_total")
    assert (told["db_open_conns"].metric.kind, told["db_open_conns"].metric.unit) == (Kind.GAUGE, "connections")
    assert told["shed"].metric is OWN["shed"]
    assert told["answer_seconds"].value == Histogram({700: 2}, 1_400)


def test_a_counter_of_a_newer_engine_is_told_by_its_name() -> None:
    told = {sample.name: sample.metric.about for sample in Counters(Counting(lately_invented=1)).samples()}
    assert told["lately_invented"] == "Lately invented."
