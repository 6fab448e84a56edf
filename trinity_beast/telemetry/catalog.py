"""Every counter of the engine, with what it counts: the 24 of the contract in their order, then the engine's own. Pure."""

from collections.abc import Iterable, Mapping

from trinity_beast.telemetry.metric import Kind, Metric

_GAUGES = frozenset(("db_open_conns", "db_in_use_conns", "connections_open", "handed_open", "udp_receive_buffer_bytes"))
_UNITS = {
    "batch_rows_queued": "rows",
    "bg_work_submitted": "runs",
    "bg_work_dropped": "runs",
    "bg_work_completed": "runs",
    "db_wait_count": "waits",
    "udp_receive_buffer_bytes": "bytes",
    "clock_steps": "steps",
    "threads_lost": "threads",
    "questions_asked": "questions",
    "questions_timed_out": "questions",
    "questions_refused": "questions",
}
_UNIT_OF_BEGINNING = {
    "udp_packets": "datagrams", "datagrams": "datagrams", "db_": "connections", "connections": "connections", "handed": "connections",
    "header_": "connections", "idle_": "connections", "slow_": "connections", "lingers": "connections", "usage": "records",
    "syncmap": "prices", "elasticache": "prices", "cache": "prices", "govern": "answers", "not_modified": "answers",
}  # fmt: skip


def _declared(about: Mapping[str, str]) -> dict[str, Metric]:
    return {name: _metric(name, told) for name, told in about.items()}


def _metric(name: str, about: str) -> Metric:
    beginning = _first((unit for start, unit in _UNIT_OF_BEGINNING.items() if name.startswith(start)), "requests")
    return Metric(name, about, Kind.GAUGE if name in _GAUGES else Kind.COUNTER, unit=_UNITS.get(name, beginning))


def _first(found: Iterable[str], default: str) -> str:
    return next(iter(found), default)


CONTRACT = _declared({
    "tcp_requests": "Requests over HTTP, by whichever half answered.",
    "udp_requests": "Requests over UDP that were answered.",
    "lrs_requests": "Requests for reports.",
    "syncmap_hits": "Prices answered from memory.",
    "elasticache_hits": "Prices answered from the shared cache.",
    "cache_misses": "Prices asked for and found in no cache.",
    "udp_packets_received": "Datagrams received.",
    "udp_packets_dropped": "Datagrams dropped unanswered.",
    "udp_packets_sent": "Datagrams sent.",
    "bg_work_submitted": "Runs of jobs that this node began.",
    "bg_work_dropped": "Runs of jobs that this node gave up after their last try.",
    "bg_work_completed": "Runs of jobs that this node did.",
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
})  # fmt: skip
"""The 24, in their order."""

OWN = _declared({
    "connections_open": "Connections open in the engine.",
    "connections_accepted": "Connections accepted.",
    "connections_refused": "Connections closed at once because there were too many, of one address or in all.",
    "requests_malformed": "Requests refused for their framing or form.",
    "headers_too_large": "Requests refused because their header was too long.",
    "header_timeouts": "Connections closed because a header did not come in time.",
    "idle_timeouts": "Connections closed because they asked nothing for too long.",
    "slow_readers_cut": "Connections cut because their answers were not taken.",
    "lingers_cut": "Connections closed though the other end may not have heard our last.",
    "blocked_refused": "Connections and datagrams refused by the blocklist.",
    "questions_asked": "Keys and prices the engine asked Python for.",
    "questions_timed_out": "Questions that Python did not answer in time.",
    "questions_refused": "Questions that could not be asked: too many waited, or too many keys had been looked up for nothing.",
    "handed_open": "Connections in Python's hands.",
    "handed_refused": "Requests refused because too many connections were in Python's hands.",
    "shed": "Requests shed by the governor because there were too many.",
    "governed": "Answers the governor has looked at.",
    "governed_late": "Those of them that came late.",
    "not_modified": "Answers that said that nothing had changed.",
    "datagrams_malformed": "Datagrams that were no request.",
    "datagrams_too_small": "Datagrams too small for any answer.",
    "datagrams_overrun": "Datagrams the kernel dropped because a socket's buffer was full.",
    "udp_receive_buffer_bytes": "Bytes the kernel keeps for one datagram socket's unread datagrams, its own bookkeeping included.",
    "datagrams_unsent": "Datagrams that could not be sent.",
    "clock_steps": "Steps of the wall clock that were not followed.",
    "threads_lost": "Engine threads that died of a fault of ours.",
})  # fmt: skip
"""What the engine counts beside them."""

ANSWER_SECONDS = Metric(
    "answer_seconds",
    "How long answers to known keys took, as their usage records tell: from http and udp by the engine, handed by Python.",
    Kind.HISTOGRAM,
    unit="seconds",
    labels=("way",),
)
