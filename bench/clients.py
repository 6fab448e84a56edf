"""Clients: how soon the published clients of other price APIs come back with an error when their month is spent, or their burst.

Each is what its users have, with its own retries; only the base URL is ours. A client that waits past the bound hangs the
program of whoever called it, so this bench fails then.
"""

import http.client
import json
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bench.effort import Effort
from bench.errors import RunBroken
from bench.figures import Figure, Target
from bench.machine import Cores
from bench.servers import CLOCK, PATIENCE_SECONDS
from bench.whole_node import issue_key, node_in
from tests.callers.clients import CLIENTS, Ask, through
from trinity_beast.access.key_format import with_checksum

BOUND_SECONDS = 3.0
BOUND = Target(BOUND_SECONDS, is_absolute=True)
QUOTA = 5
ASKS_MAX = 200
PAUSE_SECONDS = 0.1
SECOND_NS = 1_000_000_000
NOBODYS = with_checksum("tb_live_" + "N" * 32)


def bench(_cores: Cores, effort: Effort) -> Iterator[Figure]:
    """Yield the figures as they are found.

    Raises:
        RunBroken: the month could not be spent, or a client came back later than the bound.
    """
    with tempfile.TemporaryDirectory(prefix="beast-bench-") as folder, node_in(Path(folder)) as running:
        url, late = f"http://127.0.0.1:{running.port('price')}", []
        spent = issue_key(Path(folder), "--tier", "pro", "--quota", str(QUOTA))
        hasty = issue_key(Path(folder), "--tier", "pro", "--rate", "1", "--burst", "1")
        spend(running.port("price"), spent)
        for ask in CLIENTS.values():
            _until_back(ask, through(url), NOBODYS)  # What a program loads at its first call is not waiting.
        for key, state in ((spent, "month spent"), (hasty, "burst spent")):
            for name, ask in CLIENTS.items():
                seconds = []
                for _ in range(effort.rounds):
                    _asked(running.port("price"), key)  # Past a burst of one, then, and no nearer to a month that is spent.
                    seconds.append(_until_back(ask, through(url), key))
                yield Figure(f"{name}, {state}: until its caller is told", tuple(seconds), "s", BOUND)
                yield Figure("  of the bound, at the slowest", (max(seconds) / BOUND_SECONDS,), "x")
                late += [name] * (max(seconds) > BOUND_SECONDS)
    if late:
        raise RunBroken(f"later than {BOUND_SECONDS:.0f} s: {', '.join(late)}")


def spend(port: int, key: str) -> None:
    """Ask until the key's month is spent.

    Raises:
        RunBroken: it never was.
    """
    for _ in range(ASKS_MAX):
        code = _asked(port, key)
        if code == "QUOTA_SPENT":
            return
        if code != "OK":
            threading.Event().wait(PAUSE_SECONDS)
    raise RunBroken(f"a month of {QUOTA} was not spent by {ASKS_MAX} requests")


def _until_back(ask: Ask, url: str, key: str) -> float:
    began_ns = CLOCK.monotonic_ns()
    with suppress(Exception):  # Whatever it raises, or makes of our prices: its caller has the word again.
        ask(url, key)
    return (CLOCK.monotonic_ns() - began_ns) / SECOND_NS


def _asked(port: int, key: str) -> str:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        line.request("GET", "/prices", headers={"X-API-Key": key})
        return str(json.loads(line.getresponse().read())["code"])
    finally:
        line.close()
