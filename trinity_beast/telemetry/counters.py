"""What is counted: the 24 of the contract, and whatever else the engine counts."""

from collections.abc import Mapping
from typing import Protocol

from trinity_beast.telemetry.samples import escaped

CONTRACT: Mapping[str, str] = {
    "tcp_requests": "Requests over HTTP.",
    "udp_requests": "Requests over UDP.",
    "lrs_requests": "Requests for reports.",
    "syncmap_hits": "Prices answered from memory.",
    "elasticache_hits": "Prices answered from the shared cache.",
    "cache_misses": "Prices asked for and found in no cache.",
    "udp_packets_received": "Datagrams received.",
    "udp_packets_dropped": "Datagrams dropped unanswered.",
    "udp_packets_sent": "Datagrams sent.",
    "bg_work_submitted": "Pieces of background work submitted.",
    "bg_work_dropped": "Pieces of background work dropped.",
    "bg_work_completed": "Pieces of background work completed.",
    "batch_rows_queued": "Usage rows queued for writing.",
    "db_open_conns": "Connections to the database that are open.",
    "db_in_use_conns": "Connections to the database that are in use.",
    "db_wait_count": "Times a connection to the database was waited for.",
    "rate_limited": "Requests refused for coming too fast.",
    "quota_refused": "Requests refused because the month was used up.",
    "keys_refused": "Requests refused for their key.",
    "prices_stale": "Prices refused for being too old.",
    "prices_unavailable": "Prices refused because there was none.",
    "usage_recorded": "Usage records written.",
    "usage_lost": "Usage records lost.",
    "handed_over": "Connections handed to the Python server.",
}
"""The 24, in their order, each with what it counts."""

_GAUGES = frozenset(("db_open_conns", "db_in_use_conns", "connections_open", "handed_open", "udp_receive_buffer_bytes"))


class CounterSource(Protocol):
    """Who counts. `engine.Counters` keeps this."""

    def read(self) -> dict[str, int]:
        """Return every counter by name."""
        ...

    def add(self, name: str, amount: int = 1) -> None:
        """Count something."""
        ...

    def set(self, name: str, value: int) -> None:
        """Set a gauge."""
        ...


class Counters:
    """The counters of this node, as the rest of the program counts and reads them."""

    def __init__(self, source: CounterSource) -> None:
        self._source = source

    def add(self, name: str, amount: int = 1) -> None:
        """Count something.

        Raises:
            KeyError: no counter has that name.
        """
        self._source.add(name, amount)

    def set(self, name: str, value: int) -> None:
        """Set a gauge.

        Raises:
            KeyError: no counter has that name.
        """
        self._source.set(name, value)

    def contract(self) -> dict[str, int]:
        """Return the 24 of the contract, in their order; one that is not counted here is 0."""
        counted = self._source.read()
        return {name: counted.get(name, 0) for name in CONTRACT}

    def read(self) -> dict[str, int]:
        """Return every counter: the 24 first, then the engine's own."""
        return self.contract() | self._source.read()


def prometheus_text(counters: Mapping[str, int], *, node: str, region: str) -> str:
    """Return the counters in Prometheus' text format 0.0.4.

    Source: https://prometheus.io/docs/instrumenting/exposition_formats/, read 2026-11-20.
    """
    labels = f'{{node="{escaped(node)}",region="{escaped(region)}"}}'
    lines = []
    for name, value in counters.items():
        kind, metric = ("gauge", f"beast_{name}") if name in _GAUGES else ("counter", f"beast_{name}_total")
        about = CONTRACT.get(name, name.replace("_", " ").capitalize() + ".")
        lines += [f"# HELP {metric} {about}", f"# TYPE {metric} {kind}", f"{metric}{labels} {value}"]
    return "\n".join(lines) + "\n"
