"""What a whole node tells outside: its page of metrics, CloudWatch and a collector of traces, none of them a secret."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.session import get_session
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.readme.product import Product, running
from tests.support.admin import Admin
from tests.support.database import Cluster
from tests.support.ministack import CREDENTIALS, REGION, MiniStackOfATest
from tests.telemetry.tracing.collector import Beside
from tests.web.caller import Heard, ask, get
from trinity_beast.telemetry.catalog import CONTRACT

ADMIN_KEY = "the-admin-key-of-a-node-that-tells"
COLLECTOR_KEY = "the-key-of-the-collector"
STRANGER = "tb_live_of-nobody-at-all"
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class Told:
    """A node that has answered some requests, and who it tells."""

    node: Product
    collector: Beside
    secret: str

    def port(self, name: str) -> int:
        return int(str(self.node.ready["addresses"][name]).rpartition(":")[2])


@pytest.fixture(scope="module")
def told(cluster: Cluster, ministack: MiniStackOfATest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    url = cluster.clone()
    try:
        with Beside() as collector:
            settings = {
                "DATABASE_URL": url,
                "ADMIN_KEY": ADMIN_KEY,
                "CLUSTER_NODE": "Beast.that-tells",
                "BEAST_ENGINE_THREADS": "1",
                "REGION": REGION,
                "AWS_ENDPOINT_URL": ministack.url,
                "CLOUDWATCH_METRICS": "true",
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.collector.url,
                "OTEL_EXPORTER_OTLP_HEADERS": f"api-key={COLLECTOR_KEY}",
                "BEAST_PARAMETERS": "cloudwatch_publish_seconds=1 trace_export_seconds=0.2 usage_segment_seconds=0.5",
                **CREDENTIALS,
            }
            with running(tmp_path_factory.mktemp("node"), "--feeds", "lab", **settings) as node:
                told = Told(node, collector, "")
                yield Told(node, collector, asyncio.run(_used(told)))
    finally:
        cluster.drop(url)


async def _used(told: Told) -> str:
    """Have the node do something of everything, and return the key it was done with."""
    admin = Admin(told.port("price"), ADMIN_KEY)
    secret = str((await admin.post("/admin/keys/issue", {"tier": "partner", "name": "told"})).data["secret"])
    bearer = f"Authorization: Bearer {secret}"
    async with asyncio.timeout(WITHIN_SECONDS):
        while (heard := await asked(told, "/price?asset=BTC", bearer)).status != 200:
            assert heard.status in {404, 503}, heard.body
    assert (await asked(told, "/exchanges", f"X-API-Key: {secret}")).status == 200
    assert (await asked(told, "/key", bearer, f"X-Request-Id: {secret[:40]}")).status == 200
    assert (await asked(told, "/price?asset=NOSUCH", bearer)).status == 404
    await asked(told, f"/exchanges?key={secret}")
    await asked(told, f"/{secret}?token={secret}", "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    await asked(told, f"/price?asset=BTC&key={STRANGER}")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(WITHIN_SECONDS)
        datagrams.connect(("127.0.0.1", told.port("price_udp")))
        datagrams.send(f'{{"key":"{secret}","asset":"BTC"}}'.encode().ljust(300))
        assert await asyncio.to_thread(datagrams.recv, 2_048)
    for form in ("json", "csv"):
        report = await ask(told.port("report"), get(f"/reports/summary?format={form}", bearer, "Connection: close"))
        assert report.status == 200, report.body
    assert (await admin.post("/admin/jobs/usage.roll_up/runs", {})).status == 202
    return secret


async def asked(told: Told, path: str, *headers: str) -> Heard:
    return await ask(told.port("price"), get(path, *headers, "Connection: close"))


async def metrics_of(told: Told) -> str:
    return (await ask(told.port("price_health"), get("/metrics", "Connection: close"))).body.decode()


def documented() -> Mapping[str, tuple[str, set[str]]]:
    """The kind and labels of every metric, as the reference page has it."""
    rows = re.findall(r"^\| `(beast_\w+)` \| (\w+) \| [^|]* \| ([^|]*) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}


async def test_what_is_told_to_prometheus_is_what_the_reference_says(told: Told) -> None:
    text, known = await metrics_of(told), documented()
    kinds = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    assert {name: kind for name, (kind, _) in known.items() if name in kinds} == kinds
    assert kinds.keys() >= {f"beast_{name}{'' if name.startswith(('db_open', 'db_in')) else '_total'}" for name in CONTRACT}
    for name, labels in re.findall(r"^(beast_\w+)\{(.*)\} \S+$", text, re.MULTILINE):
        family = name if name in kinds else re.sub(r"_(bucket|sum|count)$", "", name)
        given = set(re.findall(r'(\w+)="', labels))
        assert given - {"le"} == {"node", "region", *known[family][1]}
    assert all(re.fullmatch(r"(# (HELP|TYPE) \w+ .+|\w+\{.*\} [-+.0-9e]+)", line) for line in text.splitlines())


async def test_latencies_are_told_of_both_protocols_of_python_and_of_reports(told: Told) -> None:
    text = await metrics_of(told)
    for way in ("http", "udp", "handed"):
        [count] = re.findall(rf'^beast_answer_seconds_count\{{.*way="{way}"\}} (\d+)$', text, re.MULTILINE)
        assert int(count) >= 1
    assert re.search(r"^beast_report_seconds_count\{.*\} 2$", text, re.MULTILINE)
    assert re.search(r'^beast_reports_told_total\{.*report="summary",form="csv"\} 1$', text, re.MULTILINE)


@asynccontextmanager
async def cloudwatch(server: MiniStackOfATest) -> AsyncIterator[Any]:
    session = get_session()
    session.set_credentials(*CREDENTIALS.values())
    async with session.create_client("cloudwatch", region_name=REGION, endpoint_url=server.url) as client:
        yield client


async def test_cloudwatch_is_told_of_prices_and_reports(told: Told, ministack: MiniStackOfATest) -> None:
    node = {"Node": "Beast.that-tells"}
    async with cloudwatch(ministack) as client:
        await summed(client, "LPO", "Requests", 3, **node)
        await summed(client, "LPO", "RequestsByAsset", 2, **node, Asset="BTC")
        await summed(client, "LPO", "RequestsBySource", 1, **node, Source="lab:coinbase-ws")
        await summed(client, "LPO", "CacheHitRate", 100, **node)
        await summed(client, "LPO", "AvgLatencyMs", 1e-9, **node)
        for name, times in (("SummaryRequests", 2), ("FormatJSON", 1), ("FormatCSV", 1)):
            assert await summed(client, "LRS", name, times, **node) == times
        await summed(client, "LRS", "ReportRequests", 2, **node)


async def summed(client: Any, service: str, name: str, least: float, **dimensions: str) -> float:
    """Wait until what has been told of the metric, in however many parts, sums up to `least`, and return the sum."""
    given = [{"Name": label, "Value": value} for label, value in dimensions.items()]
    now = datetime.now(UTC)
    span = {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(hours=1), "Period": 60}
    total = 0.0
    async with asyncio.timeout(WITHIN_SECONDS):
        while total < least:
            points = await client.get_metric_statistics(
                Namespace=f"TrinityBeast/{service}", MetricName=name, Dimensions=given, Statistics=["Sum"], **span
            )
            total = sum(point["Sum"] for point in points["Datapoints"])
    return total


def facts(span: Span) -> dict[str, object]:
    return {pair.key: pair.value.string_value or pair.value.int_value for pair in span.attributes}


async def test_requests_transactions_and_jobs_are_traced(told: Told) -> None:
    wanted = {"POST /admin/keys/issue", "GET /exchanges", "GET /key", "GET /reports/summary", "transaction", "job usage.roll_up"}
    spans = told.collector.until(lambda spans: {span.name for span in spans} >= wanted)
    by_name = {span.name: span for span in spans}
    issued = by_name["POST /admin/keys/issue"]
    assert (facts(issued)["http.response.status_code"], facts(issued)["http.route"]) == (201, "/admin/keys/issue")
    for root in (issued, by_name["job usage.roll_up"]):
        within = [span for span in spans if span.parent_span_id == root.span_id]
        assert within
        assert {(span.name, span.trace_id) for span in within} == {("transaction", root.trace_id)}
    assert re.search(r"^beast_bg_work_completed_total\{.*\} [1-9]", await metrics_of(told), re.MULTILINE)
    assert told.collector.collector.resources[0]["service.instance.id"] == "Beast.that-tells"


def test_a_callers_trace_is_gone_on_with_and_its_address_is_not_told(told: Told) -> None:
    trace = bytes.fromhex("4bf92f3577b34da6a3ce929d0e0e4736")
    spans = told.collector.until(lambda spans: any(span.trace_id == trace for span in spans))
    [span] = [span for span in spans if span.trace_id == trace]
    assert (span.name, facts(span)["trinity.code"], span.status.code) == ("GET", "NOT_FOUND", Status.STATUS_CODE_UNSET)


def test_no_secret_is_in_what_a_collector_is_told(told: Told) -> None:
    told.collector.until(lambda spans: any(span.name == "job usage.roll_up" for span in spans))
    bodies = b"".join(told.collector.collector.bodies)
    assert b"/admin/keys/issue" in bodies
    for secret in (told.secret, told.secret[:40], ADMIN_KEY, COLLECTOR_KEY, STRANGER):
        assert secret.encode() not in bodies
