"""A whole node: callers ask and count, and what is reported in every form is what they counted."""

import contextlib
import csv
import io
import json
import socket
from collections import Counter
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from tests.readme.product import Product, running
from tests.support.processes import wait_until
from tests.support.shell import done

ANSWERS = 400
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


class Asking:
    """A caller with a key, and where a node answers."""

    def __init__(self, node: Product, key: str) -> None:
        self.addresses = {name: str(address).rpartition(":") for name, address in node.ready["addresses"].items()}
        self._key = key

    def http(self, name: str, *, own: str = "127.0.0.1") -> HTTPConnection:
        """Return a connection to one of its ports, from one of this machine's addresses."""
        host, _, port = self.addresses[name]
        return HTTPConnection(host, int(port), timeout=30, source_address=(own, 0))

    def price(self, connection: HTTPConnection, path: str) -> int:
        """Ask the price port and return the status."""
        connection.request("GET", path, headers={"X-API-Key": self._key})
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def datagram(self, name: str, **question: object) -> dict[str, Any]:
        """Ask by datagram."""
        host, _, port = self.addresses[name]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
            caller.settimeout(30)
            caller.sendto(json.dumps({"key": self._key, **question}).encode().ljust(400), (host, int(port)))
            told: dict[str, Any] = json.loads(caller.recv(2_000))
            return told

    def report(self, path: str) -> str:
        """Ask for a report and return its body."""
        with contextlib.closing(self.http("report")) as connection:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self._key}", "Connection": "close"})
            answer = connection.getresponse()
            body = answer.read().decode()
        assert answer.status == 200, body
        return body


def test_what_callers_counted_is_what_every_form_reports(own_database_url: str, tmp_path: Path) -> None:
    settings, where = {"DATABASE_URL": own_database_url}, ("--data-dir", tmp_path / "data")
    with running(tmp_path, "--feeds", "none", **settings) as node:
        asking = Asking(node, done("keys", "issue", "--tier", "enterprise", "--name", "counts", *where, **settings)["secret"])
        counted: Counter[str] = Counter()
        with contextlib.closing(asking.http("price")) as connection:
            for number in range(ANSWERS):
                counted[str(asking.price(connection, f"/price?asset={'BTC' if number % 4 else 'ETH'}"))] += 1
        for _ in range(20):
            counted["udp"] += asking.datagram("price_udp", asset="BTC")["code"] != ""
        total = ANSWERS + counted.pop("udp")

        def is_stored() -> bool:
            return int(asking.datagram("report_udp", since="1d")["requests"]) >= total

        wait_until(is_stored, "storing", within_seconds=60)
        done("blocklist", "add", "127.0.0.9", "--reason", "a test", "--force", *where, **settings)
        assert_whoever_is_blocked_is_cut_off(asking)
        for form in ("json", "csv", "tsv", "text"):
            rows = rows_of(asking.report(f"/reports/usage?since=1d&page_size=all&format={form}"), form)
            assert len(rows) == total, form
            assert len({(row["lane"], row["sequence"]) for row in rows}) == total
            assert Counter(row["protocol"] for row in rows) == {"http": ANSWERS, "udp": 20}
            sums = rows_of(asking.report(f"/reports/summary?since=1d&format={form}"), form)
            assert sums[0]["requests"] == str(total)
            by_status = {row["value"]: int(row["requests"]) for row in sums if row["dimension"] == "status"}
            assert sum(by_status.values()) == total
            assert all(by_status[status] >= count for status, count in counted.items())
            days = rows_of(asking.report(f"/reports/daily?since=2d&format={form}"), form)
            assert sum(int(row["requests"]) for row in days) == total
            assets = rows_of(asking.report(f"/reports/by-asset?since=1d&format={form}"), form)
            assert {row["asset"]: int(row["requests"]) for row in assets} == {"BTC": ANSWERS * 3 // 4 + 20, "ETH": ANSWERS // 4}
        assert sum(row["requests"] for row in done("report", "daily", "--since", "2d", *where, **settings)["rows"]) == total


def assert_whoever_is_blocked_is_cut_off(asking: Asking) -> None:
    """See that the reports' doors are shut to an address that was blocked, within the seconds a node takes to hear of it."""

    def is_shut() -> bool:
        with contextlib.closing(asking.http("report", own="127.0.0.9")) as connection, contextlib.suppress(OSError, HTTPException):
            connection.request("GET", "/health/live")
            return connection.getresponse().status == 0
        return True

    wait_until(is_shut, "the block to be known", within_seconds=20)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as foe:
        foe.bind(("127.0.0.9", 0))
        host, _, port = asking.addresses["report_udp"]
        foe.sendto(b"{}".ljust(400), (host, int(port)))
        assert asking.datagram("report_udp", since="1d")["code"] == "OK"
        foe.setblocking(False)
        with pytest.raises(BlockingIOError):
            foe.recv(2_000)


def rows_of(body: str, form: str) -> list[dict[str, str]]:
    """Return a report's rows, every value as text."""
    match form:
        case "json":
            return [{name: str(value) for name, value in row.items()} for row in json.loads(body)["data"]["rows"]]
        case "csv" | "tsv":
            return list(csv.DictReader(io.StringIO(body, newline=""), delimiter="," if form == "csv" else "\t"))
    names, *lines = [line.split() for line in body.splitlines() if not line.startswith("#")]
    return [dict(zip(names, line, strict=True)) for line in lines]
