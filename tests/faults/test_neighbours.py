"""Two programs over one Valkey: what one hears, the other serves; and the Valkey may die."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.readme.product import Product, running
from tests.support.database import Cluster
from tests.support.processes import wait_until
from tests.support.valkey import ValkeyServerOfATest

WAIT_SECONDS = 60.0


def told(node: Product, path: str) -> dict[str, Any]:
    """What a node answers, refusals too."""
    asked = urllib.request.Request(f"http://{node.ready['addresses']['price']}{path}")
    asked.add_header("Authorization", f"Bearer {node.ready['demo_key']}")
    try:
        with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310
            body: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as refusal:
        body = json.load(refusal)
    return body


def price(node: Product) -> dict[str, Any]:
    """BTC's price, once there is one and the demo key's limit lets us have it."""
    answers: list[dict[str, Any]] = []

    def is_told() -> bool:
        answers.append(told(node, "/price?asset=BTC"))
        return bool(answers[-1]["code"] == "OK")

    wait_until(is_told, "a price", within_seconds=WAIT_SECONDS)
    return dict(answers[-1]["data"])


@pytest.mark.slow
@pytest.mark.timeout(300)  # Two nodes start one after the other, and the first tells its prices after 30 s.
def test_a_node_whose_feeds_are_gone_serves_its_neighbours_prices_and_outlives_the_cache(
    cluster: Cluster, own_valkey: ValkeyServerOfATest, tmp_path: Path
) -> None:
    hearing, deaf = cluster.clone(), cluster.clone()
    with psycopg.connect(deaf.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("UPDATE exchange_feeds SET enabled = false, rest_rules = '{}'")
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    cache = {"CACHE_URL": own_valkey.url}
    with (
        running(folders[0], "--feeds", "lab", DATABASE_URL=hearing, CLUSTER_NODE="BeastFirst", **cache) as first,
        running(folders[1], "--feeds", "lab", DATABASE_URL=deaf, CLUSTER_NODE="BeastSecond", **cache) as second,
    ):
        lent = price(second)
        assert (lent["cache_tier"], lent["source"]) == ("valkey", "lab:coinbase-ws")
        assert price(first)["cache_tier"] == "memory"
        own_valkey.kill()
        wait_until(lambda: "cache away" in first.log() and "cache away" in second.log(), "the loss of the cache")
        assert price(first)["cache_tier"] == "memory"
        assert told(first, "/health")["data"]["status"] == "degraded"
        own_valkey.start()
        wait_until(lambda: "cache back" in first.log() and "cache back" in second.log(), "the cache's return")
        assert "Traceback" not in first.log() + second.log()
