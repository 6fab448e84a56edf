"""Nodes and counters over HTTP: granted, refused, and counted anew with a word in the trail."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from tests.ops.cluster.nodes import ANode, a_node
from tests.ops.gate import operator
from tests.support.admin import Admin
from tests.support.clock import ManualClock
from tests.web.serving import serving, small_app
from trinity_beast.audit import Audit
from trinity_beast.ops import Counting
from trinity_beast.ops.cluster.routes import cluster_routes
from trinity_beast.storage import Database, Valkey
from trinity_beast.telemetry import encoded
from trinity_beast.telemetry.counters import histogram_of


@dataclass(frozen=True)
class Asked:
    """A node and who asks it."""

    node: ANode
    admin: Admin


@pytest.fixture
async def asked(own_database: Database, valkey: Valkey, clock: ManualClock) -> AsyncIterator[Asked]:
    node = a_node("Main", valkey, clock)
    counting = Counting(node.statistics, node.view, Audit(own_database), clock)
    async with serving(small_app([cluster_routes(counting, operator=operator())])) as port:
        yield Asked(node, Admin(port))


async def test_the_cluster_is_told_node_by_node_and_together(asked: Asked, valkey: Valkey, clock: ManualClock) -> None:
    other = a_node("Mirror", valkey, clock)
    asked.node.counters |= {"tcp_requests": 900, "syncmap_hits": 900}
    other.counters |= {"tcp_requests": 100, "cache_misses": 100, "usage_lost": 1}
    clock.advance(10)
    for node in (other, asked.node):
        await node.publisher.publish()
    told = (await asked.admin.get("/admin/cluster-stats")).data

    assert (told["nodes_found"], told["nodes_expected"], told["missing"], told["trouble"]) == (2, 2, [], "")
    assert [one["cluster_node"] for one in told["per_node"]] == ["Main", "Mirror"]
    assert [one["derived"]["memory_hit_percent"] for one in told["per_node"]] == [100.0, 0.0]
    together = told["aggregated"]
    assert (together["counters"]["tcp_requests"], together["totals"]["usage_lost"]) == (1_000, 1)
    assert (together["derived"]["memory_hit_percent"], together["derived"]["requests_per_second"]) == (90.0, 100.0)
    assert told["per_node"][1]["process"] == {
        "pid": 123, "memory_bytes": 50_000_000, "threads": 9, "open_files": 40, "cpu_percent": 50.0
    }  # fmt: skip


async def test_latencies_of_all_nodes_are_told_from_their_histograms_added_up(asked: Asked, valkey: Valkey, clock: ManualClock) -> None:
    other = a_node("Mirror", valkey, clock)
    asked.node.latency |= {"http": encoded(histogram_of(9_000, [(100, 9)])), "udp": encoded(histogram_of(10, [(5, 1)]))}
    other.latency |= {"http": encoded(histogram_of(1_000_000, [(700, 1)])), "udp": "of a later version"}
    for node in (other, asked.node):
        await node.publisher.publish()
    told = (await asked.admin.get("/admin/cluster-stats")).data
    [main, mirror], together = [one["latency"] for one in told["per_node"]], told["aggregated"]["latency"]

    assert (main["http"]["answers"], mirror["http"]["answers"], sorted(mirror)) == (9, 1, ["http"])
    assert (together["http"]["answers"], together["http"]["mean_us"]) == (10, 100.9)
    assert together["http"]["p50_us"] == main["http"]["p50_us"]
    assert together["http"]["p99_us"] == mirror["http"]["p99_us"]
    assert together["udp"] == main["udp"]


async def test_a_missing_node_is_named_with_the_moment_it_was_seen_last(asked: Asked, valkey: Valkey, clock: ManualClock) -> None:
    await a_node("Gone", valkey, clock).publisher.publish()
    await asked.node.publisher.publish()
    await valkey.do("DEL", "cluster:stats:Gone")
    clock.advance(40)
    told = (await asked.admin.get("/admin/cluster-stats")).data

    assert told["missing"] == [
        {"cluster_node": "Gone", "server_type": "APP_SERVER", "last_seen_at": "2026-11-20T07:40:00.000000Z", "missing_seconds": 40.0}
    ]
    assert (told["nodes_found"], told["nodes_expected"], told["never_seen"]) == (1, 2, 0)


async def test_counting_is_begun_anew_and_who_did_it_is_in_the_trail(asked: Asked, own_database: Database, clock: ManualClock) -> None:
    asked.node.counters["tcp_requests"] = 50
    clock.advance(5)
    before = (await asked.admin.get("/admin/stress-stats")).data
    reset = (await asked.admin.post("/admin/stress-reset", {"reason": "run 18"})).data
    asked.node.counters["tcp_requests"] = 70
    clock.advance(2)
    after = (await asked.admin.get("/admin/stress-stats")).data

    assert (before["counters"]["tcp_requests"], before["derived"]["requests_per_second"], len(before["counters"])) == (50, 10.0, 24)
    assert (reset["counters"]["tcp_requests"], reset["seconds"]) == (50, 5.0)
    assert (after["counters"]["tcp_requests"], after["totals"]["tcp_requests"]) == (20, 70)
    assert (after["derived"]["requests_per_second"], after["since"]) == (10.0, reset["at"])
    async with own_database.transaction() as tx:
        [row] = await tx.execute(sa.text("SELECT by, reason, action, subject FROM audit_log WHERE kind = 'counters'"))
    assert row.by.startswith("Ada")
    assert tuple(row)[1:] == ("run 18", "begun anew", "Main")


@pytest.mark.parametrize(
    ("question", "body", "refused"),
    [
        ("GET /admin/stress-reset", b"", (405, "METHOD_NOT_ALLOWED")),
        ("POST /admin/stress-reset", b"not json", (400, "REQUEST_INVALID")),
        ("POST /admin/stress-reset", b'{"everything": true}', (400, "REQUEST_INVALID")),
        ("POST /admin/cluster-stats", b"{}", (405, "METHOD_NOT_ALLOWED")),
    ],
)
async def test_a_wrong_question_is_refused_and_changes_nothing(asked: Asked, question: str, body: bytes, refused: tuple[int, str]) -> None:
    since = asked.node.statistics.since
    method, path = question.split()
    told = await asked.admin.ask(method, path, body)

    assert ((told.status, told.code), asked.node.statistics.since) == (refused, since)


@pytest.mark.parametrize("path", ["/admin/cluster-stats", "/admin/stress-stats"])
@pytest.mark.parametrize(("secret", "code"), [(None, "ADMIN_KEY_MISSING"), ("wrong", "ADMIN_KEY_WRONG")])
async def test_strangers_are_told_nothing(asked: Asked, path: str, secret: str | None, code: str) -> None:
    told = await Admin(asked.admin.port, secret).get(path)

    assert (told.status, told.code) == (401, code)
