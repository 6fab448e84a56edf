"""Three real nodes, each its own process, on one PostgreSQL and one Valkey: one is killed, and the verbs tell of it.

In this order: the last tests find a node killed.
"""

import asyncio
import json
import os
import pty
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.readme.product import BEAST, Product, running
from tests.support.admin import Admin
from tests.support.database import Cluster
from tests.support.processes import EVENT_SECONDS, wait_for_end
from tests.support.valkey import ValkeyServerOfATest
from trinity_beast.cli import beast as app
from trinity_beast.settings import child_environment

ADMIN_KEY = "the admin key of three nodes"
EXPIRY_SECONDS = 2.0
UNDISTURBED = ("env", "--default-signal=INT")
"""A shell that starts tests in its background has them ignore Ctrl-C, and what they start too."""
NODES = {"Main": ("APP_SERVER", "lab"), "Mirror": ("APP_SERVER", "none"), "LRS": ("REPORT_SERVER", "none")}


@pytest.fixture(scope="module")
def nodes(cluster: Cluster, valkey_server: ValkeyServerOfATest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Product]]:
    url = cluster.clone()
    valkey_server.say("FLUSHALL")
    shared = {"DATABASE_URL": url, "CACHE_URL": valkey_server.url, "BEAST_SERVER_SECRET": "5e" * 32, "ADMIN_KEY": ADMIN_KEY}
    turned = f"cluster_stats_publish_seconds=0.2 cluster_stats_expiry_seconds={EXPIRY_SECONDS}"
    with ExitStack() as stack:
        stack.callback(cluster.drop, url)
        yield {
            name: stack.enter_context(
                running(
                    tmp_path_factory.mktemp("node"),
                    "--feeds",
                    feeds,
                    **shared,
                    BEAST_ENGINE_THREADS="1",
                    SERVER_TYPE=mode,
                    BEAST_PARAMETERS=turned,
                    CLUSTER_NODE=name,
                )
            )
            for name, (mode, feeds) in NODES.items()
        }


def price_url(node: Product) -> str:
    return f"http://{node.ready['addresses']['price']}"


def admin(node: Product) -> Admin:
    return Admin(int(str(node.ready["addresses"]["price"]).rsplit(":", 1)[1]), ADMIN_KEY)


def beast(node: Product, *arguments: str, key: str = ADMIN_KEY) -> Result:
    """Run a verb against a node from afar: by its address and the admin key alone."""
    own = {name: None for name in os.environ if name.startswith("BEAST_")}
    return CliRunner().invoke(app, [*arguments, "--url", price_url(node)], env={**own, "ADMIN_KEY": key})


async def seen(node: Product) -> dict[str, Any]:
    told: dict[str, Any] = (await admin(node).get("/admin/cluster-stats")).data
    return told


async def test_each_node_that_is_asked_tells_of_all_three(nodes: dict[str, Product]) -> None:
    for asked in ("Main", "Mirror"):
        told = await seen(nodes[asked])
        assert [(one["cluster_node"], one["server_type"]) for one in told["per_node"]] == [
            ("LRS", "REPORT_SERVER"), ("Main", "APP_SERVER"), ("Mirror", "APP_SERVER")
        ]  # fmt: skip
        assert (told["nodes_found"], told["nodes_expected"], told["missing"], told["trouble"]) == (3, 3, [], "")
        assert {one["process"]["pid"] for one in told["per_node"]} == {node.process.pid for node in nodes.values()}
        assert len({one["boot"] for one in told["per_node"]}) == 3


async def test_what_one_answers_the_others_tell(nodes: dict[str, Product]) -> None:
    main, mirror = nodes["Main"], nodes["Mirror"]
    await admin(main).post("/admin/stress-reset", {"reason": "a test"})
    for _ in range(20):
        await admin(main).get("/admin/stress-stats")
    async with asyncio.timeout(EVENT_SECONDS):
        while True:
            told = await seen(mirror)
            [of_main] = [one for one in told["per_node"] if one["cluster_node"] == "Main"]
            if of_main["counters"]["handed_over"] >= 20:
                break
    assert told["aggregated"]["totals"]["handed_over"] == sum(one["totals"]["handed_over"] for one in told["per_node"])


def test_the_verbs_tell_of_a_node_from_afar(nodes: dict[str, Product]) -> None:
    main = nodes["Main"]
    cluster, counters = beast(main, "cluster", "--once"), beast(main, "counters", "--json")
    prices, logs = beast(main, "prices", "--json", "--venue", "kraken"), beast(main, "logs", "--json", "--part", "node")

    assert cluster.exit_code == 0, cluster.stderr
    assert "3 of 3" in cluster.stdout
    assert len(json.loads(counters.stdout)["counters"]) == 24
    assert {each["venue"] for each in json.loads(prices.stdout)["prices"]} == {"kraken"}
    assert "node started" in [json.loads(line)["event"] for line in logs.stdout.splitlines()]


async def test_who_guesses_is_told_by_security_and_by_its_own_exit(nodes: dict[str, Product]) -> None:
    main = nodes["Main"]
    wrong = await asyncio.to_thread(beast, main, "cluster", "--once", key="wrong")
    told = json.loads((await asyncio.to_thread(beast, main, "security", "--json")).stdout)

    assert wrong.exit_code == 1
    assert "admin key" in wrong.stderr
    assert [(one["network"], one["wrong_keys"]) for one in told["admin_guesses"]] == [("127.0.0.1", 1)]
    assert (told["admin_turned_away"]["wrong"], told["keys"]["live"], told["blocks"]) == (1, 1, [])


def test_a_table_changes_in_place_until_it_is_interrupted(nodes: dict[str, Product]) -> None:
    terminal, its_end = pty.openpty()
    command = [*UNDISTURBED, str(BEAST), "prices", "--every", "0.2", "--url", price_url(nodes["Main"])]
    environment = dict(child_environment({"ADMIN_KEY": ADMIN_KEY, "TERM": "xterm", "COLUMNS": "100", "LINES": "20"}))
    process = subprocess.Popen(command, stdin=its_end, stdout=its_end, stderr=subprocess.DEVNULL, env=environment)
    os.close(its_end)
    try:
        shown = b""
        while shown.count(b"exchange time") + shown.count(b"change") < 3:  # Drawn, and drawn anew in its place.
            assert select.select([terminal], [], [], EVENT_SECONDS)[0], shown
            shown += os.read(terminal, 65_536)
        process.send_signal(signal.SIGINT)
        while select.select([terminal], [], [], EVENT_SECONDS)[0]:
            try:
                if not os.read(terminal, 65_536):
                    break
            except OSError:  # The other end is closed.
                break
        assert process.wait(EVENT_SECONDS) == 0
    finally:
        process.kill()
        process.wait()
        os.close(terminal)
    assert b"\x1b[" in shown
    assert b"more below" in shown


def test_log_lines_are_followed_as_they_come(nodes: dict[str, Product]) -> None:
    main = nodes["Main"]
    command = [*UNDISTURBED, str(BEAST), "logs", "--follow", "--json", "--part", "access"]
    command += ["--lines", "1", "--every", "0.2", "--url", price_url(main)]
    environment = dict(child_environment({"ADMIN_KEY": ADMIN_KEY}))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True) as process:
        assert process.stdout is not None
        try:
            first = json.loads(process.stdout.readline())
            beast(main, "cluster", "--once", key="wrong")
            line = json.loads(process.stdout.readline())
            process.send_signal(signal.SIGINT)
            assert process.wait(EVENT_SECONDS) == 0
        finally:
            process.kill()
    assert line["number"] > first["number"]
    assert (line["event"], line["level"], line["module"]) == ("admin key refused", "warning", "access")


async def test_a_node_that_is_killed_is_missing_as_soon_as_its_word_runs_out(nodes: dict[str, Product]) -> None:
    killed = nodes["Mirror"].process
    killed.kill()
    await asyncio.to_thread(wait_for_end, killed.pid)
    async with asyncio.timeout(EVENT_SECONDS):
        while not (told := await seen(nodes["Main"]))["missing"]:
            pass
    assert [one["cluster_node"] for one in told["missing"]] == ["Mirror"]
    assert (told["nodes_found"], told["nodes_expected"]) == (2, 3)
    assert told["missing"][0]["missing_seconds"] < 30.0


def test_the_verbs_tell_that_it_is_missing_and_leave_with_one(nodes: dict[str, Product]) -> None:
    cluster, daily = beast(nodes["Main"], "cluster", "--once"), beast(nodes["Main"], "daily", "--json")
    last = beast(nodes["Main"], "daily", "--last")

    assert (cluster.exit_code, daily.exit_code, last.exit_code) == (1, 1, 1)
    assert "MISSING" in cluster.stdout
    sections = {section["name"] for section in json.loads(daily.stdout)["sections"]}
    assert sections == {"services", "feeds", "cluster", "cache", "queue", "writer", "sync and jobs", "usage, last 24 h"}
    assert {"section": "cluster", "what": "Mirror", "standing": "wrong", "told": "missing"} in json.loads(daily.stdout)["alarms"]
    assert "Mirror" in last.stdout


def test_a_node_that_stops_in_order_is_not_missed(nodes: dict[str, Product]) -> None:
    stopped = nodes["LRS"].process
    stopped.send_signal(signal.SIGTERM)
    assert stopped.wait(60) == 0
    told = json.loads(beast(nodes["Main"], "cluster", "--json").stdout)

    assert [one["cluster_node"] for one in told["missing"]] == ["Mirror"]
    assert [one["cluster_node"] for one in told["per_node"]] == ["Main"]
