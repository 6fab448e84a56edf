import pytest

from trinity_beast.telemetry import Counters
from trinity_beast.telemetry.counters import CONTRACT, prometheus_text


class Counting:
    """Counts as the engine does."""

    def __init__(self, **counted: int) -> None:
        self.counted = counted

    def read(self) -> dict[str, int]:
        return dict(self.counted)

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


def test_prometheus_reads_counters_and_gauges_with_their_node() -> None:
    text = prometheus_text({"tcp_requests": 5, "db_open_conns": 2, "slow_readers_cut": 1}, node='Beast"1', region="eu")
    assert text == (
        "# HELP beast_tcp_requests_total Requests over HTTP.\n"
        "# TYPE beast_tcp_requests_total counter\n"
        'beast_tcp_requests_total{node="Beast\\"1",region="eu"} 5\n'
        "# HELP beast_db_open_conns Connections to the database that are open.\n"
        "# TYPE beast_db_open_conns gauge\n"
        'beast_db_open_conns{node="Beast\\"1",region="eu"} 2\n'
        "# HELP beast_slow_readers_cut_total Slow readers cut.\n"
        "# TYPE beast_slow_readers_cut_total counter\n"
        'beast_slow_readers_cut_total{node="Beast\\"1",region="eu"} 1\n'
    )
