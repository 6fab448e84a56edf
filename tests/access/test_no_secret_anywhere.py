"""Every secret a node ever made is searched for in its logs, its database, its cache and its files, and is in none of them."""

import asyncio
import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.access.test_three_nodes import ADMIN_KEY, SERVER_SECRET, Caller, admin
from tests.readme.product import BEAST, PORTS, Product, running
from tests.support.database import Cluster
from tests.support.shell import beast
from tests.support.valkey import ValkeyServerOfATest

SOMETHING_LIKE_A_SECRET = re.compile(rb"tb_(?:live|test|url|admin)_[0-9A-Za-z]{20,}")


@dataclass
class Run:
    """A node, where it keeps things, and every secret made so far by name."""

    node: Product
    database_url: str
    environment: dict[str, str]
    secrets: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def run(cluster: Cluster, valkey_server: ValkeyServerOfATest, tmp_path: Path) -> Iterator[Run]:
    url = cluster.clone()
    valkey_server.say("FLUSHALL")
    environment = {
        "DATABASE_URL": url, "CACHE_URL": valkey_server.url, "BEAST_SERVER_SECRET": SERVER_SECRET, "ADMIN_KEY": ADMIN_KEY,
        "BEAST_LOG_LEVEL": "debug", "BEAST_ENGINE_THREADS": "1",
    }  # fmt: skip
    with ExitStack() as stack:
        stack.callback(cluster.drop, url)
        yield Run(stack.enter_context(running(tmp_path, "--feeds", "none", **environment)), url, environment)


async def live(run: Run) -> None:
    """Make, use, mistype, rotate, restrict, report and end keys of every kind, every way there is."""
    desk = admin(run.node)
    for kind in ("live", "test", "url"):
        issued = (await desk.post("/admin/keys/issue", {"tier": "pro", "name": f"a {kind} key", "kind": kind})).data
        run.secrets[kind] = issued["secret"]
        caller = await Caller.to(run.node, issued["secret"])
        assert await caller.get() == "OK"
        await caller.get_datagram()
        run.secrets[f"{kind}, mistyped"] = caller.secret = issued["secret"][:-1] + ("0" if issued["secret"][-1] != "0" else "1")
        assert {await caller.get(), await caller.get_datagram()} == {"KEY_INVALID"}
        caller.close()
        rotated = (await desk.post("/admin/keys/rotate", {"key": issued["public_id"], "overlap_seconds": 0})).data
        run.secrets[f"{kind}, rotated"] = rotated["secret"]
        old, new = await Caller.to(run.node, issued["secret"]), await Caller.to(run.node, rotated["secret"])
        await asyncio.wait_for(old.until("KEY_EXPIRED"), 10)
        assert await new.get() == "OK"
        await desk.post("/admin/keys/restrict", {"key": rotated["public_id"], "scopes": ["reports"]})
        await asyncio.wait_for(new.until("KEY_FORBIDS"), 10)
        for each in (old, new):
            each.close()
    await desk.ask("GET", f"/price?asset=BTC&key={run.secrets['url, rotated']}")
    await desk.ask("GET", f"/nowhere?key={run.secrets['live, rotated']}")
    report = json.dumps([{"token": secret, "type": "x", "url": "u"} for secret in run.secrets.values()]).encode()
    assert (await desk.ask("POST", "/leaked-keys", report)).status == 401
    await (admin(run.node).__class__(desk.port, "tb_admin_" + "w" * 38)).get("/admin/keys")
    run.secrets["a wrong admin key"] = "tb_admin_" + "w" * 38
    await shell(run, "keys", "issue", "--tier", "free", "--name", "from a shell")


async def shell(run: Run, *words: str) -> None:
    told = await asyncio.to_thread(beast, *words, "--data-dir", run.node.folder / "data", **run.environment)
    assert told.returncode == 0
    run.secrets["from a shell"] = told.stdout.strip()


def dump(url: str) -> bytes:
    """Everything the database holds, every table of it, as COPY writes it."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        dumped = b""
        for schema, table in tables.fetchall():
            with connection.cursor().copy(
                sql.SQL("COPY (SELECT * FROM {}.{}) TO STDOUT").format(sql.Identifier(schema), sql.Identifier(table))
            ) as rows:
                dumped += b"".join(bytes(row) for row in rows)
    return dumped


def cached(server: ValkeyServerOfATest) -> bytes:
    """Everything Valkey holds."""
    server.say("SAVE")
    return b"".join(path.read_bytes() for path in server.folder.glob("*.rdb"))


def written(folder: Path) -> bytes:
    """Every file of the node but the demo key, which is public by its nature: its logs, its notes, its spool."""
    kept = [path for path in folder.rglob("*") if path.is_file() and path.name != "demo-key" and "postgres" not in path.parts]
    return b"".join(path.read_bytes() for path in kept)


async def test_no_secret_is_in_logs_database_cache_or_files(run: Run, valkey_server: ValkeyServerOfATest) -> None:
    await live(run)
    places = {"the database": dump(run.database_url), "Valkey": cached(valkey_server), "the node's files": written(run.node.folder)}
    assert len(run.secrets) == 11
    assert b"a live key" in places["the database"]
    assert b"apikey:" in places["Valkey"]
    assert b"node started" in places["the node's files"]
    hidden = {**run.secrets, "the admin key": ADMIN_KEY, "the server secret": SERVER_SECRET, "its bytes": "\x5e" * 32}
    for place, held in places.items():
        assert [name for name, secret in hidden.items() if secret.encode() in held] == [], place
        bodies = {name: secret[8:40] for name, secret in run.secrets.items()}
        assert [name for name, body in bodies.items() if body.encode() in held] == [], f"{place} holds the secret part of a key"
        assert SOMETHING_LIKE_A_SECRET.findall(held) == [], place


async def test_a_node_with_another_server_secret_does_not_start(run: Run, tmp_path: Path) -> None:
    environment = {**os.environ, **dict.fromkeys(PORTS, "0"), **run.environment, "BEAST_SERVER_SECRET": "0f" * 32}
    process = await asyncio.create_subprocess_exec(
        str(BEAST), "serve", "--feeds", "none", "--data-dir", str(tmp_path / "other"),
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        _, told = await process.communicate()
    assert process.returncode == 1
    assert b"server secret" in told
    assert b"0f0f" not in told
