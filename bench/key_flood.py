"""A flood of keys nobody has: what it costs the node in memory and looks, and the callers who have one in time.

    python -m bench.key_flood --keys 1000000

Every key has the right shape and checksum, so each is looked up. They come from many addresses of 127.0.0.0/8, over HTTP and UDP at
once, for from one address the engine soon looks nothing up any more.
"""

import argparse
import json
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.whole_node import CLOCK, WholeNode, node_in
from trinity_beast.access.key_format import with_checksum

UDP_WINDOW = 64
KNOWN_PAUSE_SECONDS = 0.005
ADDRESSES = 50_000


@dataclass
class Caller:
    """Somebody with a key, who asks all the while; every latency in microseconds."""

    address: tuple[str, int]
    secret: str
    latencies_us: list[int]
    refused: int = 0

    def ask_until(self, over: threading.Event) -> None:
        request = f"GET /price?asset=BTC HTTP/1.1\r\nHost: x\r\nX-API-Key: {self.secret}\r\n\r\n".encode()
        with socket.create_connection(self.address, timeout=30) as line:
            while not over.wait(KNOWN_PAUSE_SECONDS):
                started_ns = CLOCK.monotonic_ns()
                line.sendall(request)
                answer = line.recv(65_536)
                self.latencies_us.append((CLOCK.monotonic_ns() - started_ns) // 1_000)
                self.refused += not answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503", b"HTTP/1.1 429"))

    def p99_us(self) -> int:
        ranked = sorted(self.latencies_us)
        return ranked[len(ranked) * 99 // 100] if ranked else 0


def secrets_from(first: int, count: int) -> Iterator[str]:
    """Return keys nobody has, each once."""
    for number in range(first, first + count):
        yield with_checksum(f"tb_live_{number:032}")


def flood_udp(address: tuple[str, int], first: int, count: int) -> dict[str, int]:
    """Send every key once, a few waiting at a time; what they were told."""
    told: dict[str, int] = {}
    secrets = secrets_from(first, count)
    while batch := [secret for _, secret in zip(range(UDP_WINDOW), secrets, strict=False)]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
            line.bind((_address(first := first + len(batch)), 0))
            line.settimeout(6.0)
            for secret in batch:
                line.sendto(json.dumps({"key": secret, "asset": "BTC"}).encode().ljust(160), address)
            for _ in batch:
                try:
                    code = str(json.loads(line.recv(2_048))["code"])
                except TimeoutError:
                    code = "no answer"
                told[code] = told.get(code, 0) + 1
    return told


def flood_http(address: tuple[str, int], first: int, count: int) -> dict[str, int]:
    """Ask once with every key, eight from an address; what they were told."""
    told: dict[str, int] = {}
    secrets = secrets_from(first, count)
    while batch := [secret for _, secret in zip(range(8), secrets, strict=False)]:
        asked = b"".join(f"GET /price?asset=BTC HTTP/1.1\r\nHost: x\r\nX-API-Key: {secret}\r\n\r\n".encode() for secret in batch)
        with socket.create_connection(address, timeout=30, source_address=(_address(first := first + len(batch)), 0)) as line:
            line.sendall(asked)
            heard = b""
            while heard.count(b"HTTP/1.1 ") < len(batch) or not heard.endswith(b"}"):
                more = line.recv(65_536)
                if not more:
                    break
                heard += more
        for code in ("KEY_INVALID", "KEY_TRIES_SPENT", "OVERLOADED", "DEPENDENCY_AWAY"):
            told[code] = told.get(code, 0) + heard.count(f'"success":false,"service":"LPO","code":"{code}"'.encode())
    return told


def main() -> None:
    """Flood a node and print what it cost as JSON."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--keys", type=int, default=1_000_000)
    count: int = options.parse_args().keys
    with tempfile.TemporaryDirectory(prefix="beast-bench-") as folder, node_in(Path(folder)) as node:
        sys.stdout.write(json.dumps(measured(node, count), indent=2) + "\n")


def measured(node: WholeNode, count: int) -> dict[str, object]:
    """Return how the node fared before, during and after."""
    http, udp = _place(node, "price"), _place(node, "price_udp")
    before, quiet = resident_mib(node.pid), _calm(http, node)
    known, over, told = Caller(http, node.ready["demo_key"], []), threading.Event(), []
    watching = threading.Thread(target=known.ask_until, args=(over,))
    halves = [
        threading.Thread(target=lambda: told.append(flood_udp(udp, 0, count // 2))),
        threading.Thread(target=lambda: told.append(flood_http(http, count // 2, count - count // 2))),
    ]
    started_ns, peak = CLOCK.monotonic_ns(), before
    for each in [watching, *halves]:
        each.start()
    while any(half.is_alive() for half in halves):
        peak = max(peak, resident_mib(node.pid))
        threading.Event().wait(0.2)
    over.set()
    watching.join()
    counters = _counters(node)
    return {
        "keys": count,
        "seconds": round((CLOCK.monotonic_ns() - started_ns) / 1e9, 1),
        "told": told,
        "resident_mib": {"before": before, "most": peak, "after": resident_mib(node.pid)},
        "known_key_p99_us": {"alone": quiet, "in_the_flood": known.p99_us()},
        "known_key_refused": known.refused,
        "questions_asked": counters.get("questions_asked"),
    }


def resident_mib(pid: int) -> int:
    """Return how much memory a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1_048_576


def _calm(http: tuple[str, int], node: WholeNode) -> int:
    alone, over = Caller(http, node.ready["demo_key"], []), threading.Event()
    asking = threading.Thread(target=alone.ask_until, args=(over,))
    asking.start()
    threading.Event().wait(5)
    over.set()
    asking.join()
    return alone.p99_us()


def _counters(node: WholeNode) -> dict[str, int]:
    with socket.create_connection(_place(node, "price_health"), timeout=10) as line:
        line.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        heard = b""
        while more := line.recv(65_536):
            heard += more
    found = {}
    for text in heard.decode().splitlines():
        name, _, value = text.rpartition(" ")
        if "questions_asked" in name and not name.startswith("#"):
            found["questions_asked"] = int(float(value))
    return found


def _place(node: WholeNode, name: str) -> tuple[str, int]:
    host, port = str(node.ready["addresses"][name]).rsplit(":", 1)
    return host, int(port)


def _address(number: int) -> str:
    place = number % ADDRESSES
    return f"127.{1 + place // 62_500}.{place // 250 % 250}.{1 + place % 250}"


if __name__ == "__main__":
    main()
