"""The consoles over HTTP: granted, refused, anonymous; and the verbs against a node that runs."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.readme.product import running
from tests.support.admin import ADMIN_SECRET, Admin
from tests.support.randomness import SeededSecrets
from tests.support.shell import beast, done
from tests.web.serving import serving, small_app
from trinity_beast.access import AdminKey, Digests, Operators
from trinity_beast.access.routes import operation
from trinity_beast.audit import Audit, Sought
from trinity_beast.clock import SystemClock
from trinity_beast.ops import CacheDesk, Confirmations, SqlDesk, passwords_of
from trinity_beast.ops.consoles.routes import console_routes
from trinity_beast.storage import Database, LesserRoles, Valkey

DIGESTS = Digests(bytes(range(32)))


@pytest.fixture
async def admin(own_database: Database, valkey: Valkey) -> AsyncIterator[Admin]:
    clock = SystemClock()
    sql = SqlDesk(
        own_database, LesserRoles(own_database, passwords_of(DIGESTS.derived)), Confirmations(SeededSecrets(), clock), clock
    )  # fmt: skip
    operator = operation(Operators(AdminKey(DIGESTS, DIGESTS.digest_of(ADMIN_SECRET)), clock))
    async with serving(small_app([console_routes(sql, CacheDesk(own_database, valkey, clock), operator=operator)])) as port:
        yield Admin(port)


async def test_each_console_answers_in_the_envelope_and_signs_with_the_operator(admin: Admin, own_database: Database) -> None:
    sql = await admin.post("/admin/sql", {"statement": "SELECT tier FROM rate_limit_template WHERE tier = $1", "arguments": ["pro"]})
    batch = await admin.post("/admin/sql-batch", {"statements": ["CREATE TABLE a (b int)"]})
    kept = await admin.post("/admin/sql-batch", {"statements": ["CREATE TABLE a (b int)"], "confirm": batch.data["confirm"]})
    valkey = await admin.post("/admin/valkey", {"command": ["PING"], "reason": "is it there?"})

    assert (sql.data["columns"], sql.data["rows"], sql.data["is_cut"], sql.data["done"]) == (["tier"], [["pro"]], False, "1 rows")
    assert sql.headers["cache-control"] == "no-store"
    assert (batch.data["is_kept"], kept.data["is_kept"], kept.data["confirm"]) == (False, True, None)
    assert valkey.data["answer"] == "PONG"
    entries = await Audit(own_database).entries(Sought(kind="console"))
    assert [(entry.subject, entry.action) for entry in reversed(entries)] == [
        ("sql", "read"),
        ("sql-batch", "rehearsed"),
        ("sql-batch", "confirmed"),
        ("sql-batch", "done"),
        ("valkey", "read"),
    ]
    assert entries[0].by.startswith("Ada (")
    assert entries[0].reason == "is it there?"


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/admin/sql", {"statement": "SELECT digest FROM api_keys"}, 403, "SQL_FORBIDDEN"),
        ("/admin/sql", {"statement": "SELECT 1; SELECT 2"}, 400, "SQL_NOT_ONE"),
        ("/admin/sql", {"statement": "DROP TABLE accounts"}, 400, "SQL_VERB_REFUSED"),
        ("/admin/sql", {"statement": "UPDATE accounts SET name = name"}, 400, "SQL_VERB_REFUSED"),
        ("/admin/sql", {"statement": "SELECT x"}, 422, "SQL_REFUSED"),
        ("/admin/sql", {"statement": "SELECT $1"}, 422, "SQL_REFUSED"),
        ("/admin/sql", {"statement": "SELECT pg_sleep(60)", "seconds": 0.1}, 503, "SQL_TOO_LONG"),
        ("/admin/sql", {"statement": ""}, 400, "REQUEST_INVALID"),
        ("/admin/sql", {"statement": "SELECT '\x00'"}, 400, "REQUEST_INVALID"),
        ("/admin/sql", {"statement": "SELECT 1", "rows_max": 0}, 400, "REQUEST_INVALID"),
        ("/admin/sql", {"statement": "SELECT 1", "seconds": 21}, 400, "REQUEST_INVALID"),
        ("/admin/sql", {"statement": "SELECT 1", "rite": True}, 400, "REQUEST_INVALID"),
        ("/admin/sql", {"statement": "x" * 20_001}, 400, "REQUEST_INVALID"),
        ("/admin/sql", [], 400, "REQUEST_INVALID"),
        ("/admin/sql-batch", {"statements": []}, 400, "REQUEST_INVALID"),
        ("/admin/sql-batch", {"statements": ["SELECT 1"], "confirm": "A" * 22}, 409, "CONFIRMATION_WRONG"),
        ("/admin/sql-batch", {"statements": ["SELECT 1"] * 101}, 400, "REQUEST_INVALID"),
        ("/admin/valkey", {"command": ["FLUSHALL"]}, 400, "CACHE_COMMAND_REFUSED"),
        ("/admin/valkey", {"command": ["GET", "apikey:00"]}, 403, "CACHE_KEY_REFUSED"),
        ("/admin/valkey", {"command": []}, 400, "REQUEST_INVALID"),
    ],
)
async def test_each_refusal_travels_under_its_code(admin: Admin, path: str, body: object, status: int, code: str) -> None:
    told = await admin.post(path, body)

    assert (told.status, told.code) == (status, code)
    assert told.envelope["errors"][0]["fix"]


async def test_nobody_is_let_in_without_the_admin_key(admin: Admin, own_database: Database) -> None:
    for secret, code in ((None, "ADMIN_KEY_MISSING"), ("x" * 30, "ADMIN_KEY_WRONG")):
        stranger = Admin(admin.port, secret)
        for path, body in (
            ("/admin/sql", {"statement": "SELECT 1"}),
            ("/admin/sql-batch", {"statements": ["SELECT 1"]}),
            ("/admin/valkey", {"command": ["PING"]}),
        ):
            told = await stranger.post(path, body)
            assert (told.status, told.code) == (401, code)
    assert list(await Audit(own_database).entries(Sought(kind="console"))) == []


def test_the_verbs_ask_a_node_that_runs(own_database_url: str, tmp_path: Path) -> None:
    admin_key = "the admin key of this test alone"
    with running(tmp_path, "--feeds", "none", ADMIN_KEY=admin_key, DATABASE_URL=own_database_url):
        where = ("--data-dir", tmp_path / "data")
        rows = done("sql", "SELECT tier FROM rate_limit_template WHERE tier = $1", "--arg", "pro", *where, ADMIN_KEY=admin_key)
        table = beast("sql", "SELECT tier, NULL AS nothing FROM rate_limit_template", *where, ADMIN_KEY=admin_key)
        refused = beast("sql", "SELECT digest FROM api_keys", *where, ADMIN_KEY=admin_key)
        (tmp_path / "a.sql").write_text("CREATE TABLE a (b int); -- one\nINSERT INTO a VALUES (1);")
        kept = beast("sql-batch", tmp_path / "a.sql", "--yes", *where, ADMIN_KEY=admin_key)
        valkey = beast("valkey", "PING", *where, ADMIN_KEY=admin_key)

    assert rows["rows"] == [["pro"]]
    assert "enterprise" in table.stdout
    assert "null" in table.stdout
    assert refused.returncode == valkey.returncode == 1
    assert "permission denied" in refused.stderr
    assert "Name columns" in refused.stderr
    assert "Kept, all in one transaction." in kept.stderr
    assert "no shared cache" in valkey.stderr
