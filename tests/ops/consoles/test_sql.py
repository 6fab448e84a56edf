"""What a statement at a console can do and see, tried on a real PostgreSQL, its owner a superuser as in every node of ours."""

import asyncio
import json
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from tests.ops.consoles.asking import BY, DIGESTS, SECRET_VALUES, read, reader_of, trail, write
from tests.support.randomness import SeededSecrets
from trinity_beast.clock import SystemClock
from trinity_beast.ops import Confirmations, SqlDesk, passwords_of
from trinity_beast.ops.consoles.errors import SqlNotOne, SqlVerbRefused
from trinity_beast.storage import (
    Bounds,
    ConsoleClosed,
    Database,
    LesserRoles,
    SqlConsole,
    SqlForbidden,
    SqlRefused,
    SqlTooLong,
    metadata,
    open_tables,
)


async def test_a_statement_reads_with_its_arguments_bound(desk: SqlDesk) -> None:
    told = await read(desk, "SELECT name, tier FROM api_keys WHERE tier = $1 AND name <> $2 ORDER BY key_id", "pro", "two")

    assert told.answer.columns == ["name", "tier"]
    assert told.answer.rows == [["one", "pro"], ["three", "pro"]]
    assert (await read(desk, "SELECT name FROM api_keys WHERE name = $1", "x' OR 'a' = 'a")).answer.rows == []


async def test_values_are_told_as_postgresql_writes_them_and_all_of_them_fit_into_json(desk: SqlDesk) -> None:
    told = await read(
        desk,
        "SELECT 1, 2.50::numeric, 1e3::float8, true, NULL, 'x', '2026-11-20 07:40+00'::timestamptz, '\\x00ff'::bytea, '{1,2}'::int[],"
        " '{\"a\": [1]}'::jsonb, 'infinity'::date, '0001-01-01 BC'::date, '9.9.9.9/32'::cidr, '1 day'::interval, int8range(1, 3)",
    )

    row = told.answer.rows[0]
    assert json.loads(json.dumps(row)) == row
    assert row[:6] == [1, "2.50", "1000", True, None, "x"]
    assert row[6:11] == ["2026-11-20 07:40:00+00", "\\x00ff", "{1,2}", {"a": [1]}, "infinity"]


async def test_rows_bytes_and_time_are_bounded(desk: SqlDesk) -> None:
    many = await read(desk, "SELECT generate_series(1, 1000000000)", rows_max=10)
    large = await read(desk, "SELECT repeat('x', 1000) FROM generate_series(1, 1000)", bytes_max=10_000)

    assert (len(many.answer.rows), many.answer.is_cut) == (10, True)
    assert (len(large.answer.rows), large.answer.is_cut) == (10, True)
    assert not (await read(desk, "SELECT generate_series(1, 10)", rows_max=10)).answer.is_cut
    with pytest.raises(SqlTooLong):
        await read(desk, "SELECT pg_sleep(60)", seconds=0.2)
    with pytest.raises(SqlTooLong):
        await read(desk, "SELECT set_config('statement_timeout', '0', false), pg_sleep(60)", seconds=0.2)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT digest FROM api_keys",
        "SELECT * FROM api_keys",
        "SELECT a FROM api_keys a",
        "SELECT to_jsonb(a) FROM api_keys a",
        "TABLE api_keys",
        SECRET_VALUES,
        "SELECT name FROM api_keys ORDER BY digest",
        "SELECT name FROM api_keys GROUP BY name, digest",
        "SELECT digest_secret FROM api_keys",
        "SELECT fingerprint FROM server_secret",
        "SELECT query_to_xml('SELECT digest FROM api_keys', true, true, '')",
        "SELECT table_to_xml('api_keys', true, true, '')",
        "SELECT set_config('role', 'beast', true), query_to_xml('SELECT digest FROM api_keys', true, true, '')",
        "SELECT set_config('session_authorization', 'beast', true)",
        "SELECT set_config('role', 'none', true) || query_to_xml('SELECT digest FROM api_keys', true, true, '')",
        "SELECT most_common_vals FROM pg_statistic",
        "SELECT rolpassword FROM pg_authid",
        "SELECT passwd FROM pg_shadow",
        "SELECT pg_read_file('/etc/hostname')",
        "SELECT pg_read_binary_file('postgresql.auto.conf')",
        "SELECT pg_ls_dir('.')",
        "SELECT lo_import('/etc/hostname')",
        "SELECT * FROM alembic_version",
        "SELECT count(*) FROM procrastinate_jobs",
        "SELECT pg_reload_conf()",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'beast' LIMIT 1",
        "WITH x AS (SELECT digest FROM api_keys) SELECT * FROM x",
        "EXPLAIN ANALYZE SELECT digest FROM api_keys",
    ],
)
async def test_what_is_secret_is_told_by_no_statement_that_reads(desk: SqlDesk, statement: str) -> None:
    for may_write in (False, True):
        with pytest.raises((SqlForbidden, SqlRefused)):
            await desk.ask(statement, (), Bounds(), may_write=may_write, by=BY)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT count(*) FROM pg_stats WHERE tablename = 'api_keys' AND attname = 'digest'",
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'beast' AND query NOT LIKE '%insufficient privilege%'",
        "SELECT count(*) FROM information_schema.columns WHERE column_name = 'digest'",
    ],
)
async def test_what_is_secret_is_not_in_what_the_server_tells_of_itself(desk: SqlDesk, own_database: Database, statement: str) -> None:
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("ANALYZE api_keys"))

    assert (await read(desk, statement)).answer.rows == [[0]]


@pytest.mark.parametrize(
    "statement",
    [
        "WITH x AS (DELETE FROM accounts RETURNING 1) SELECT * FROM x",
        "WITH x AS (UPDATE api_keys SET name = 'x' RETURNING 1) SELECT * FROM x",
        "EXPLAIN ANALYZE DELETE FROM accounts",
        "SELECT * INTO copied FROM accounts",
        "SELECT nextval('audit_log_entry_id_seq')",
        "SELECT setval('audit_log_entry_id_seq', 1)",
        "SELECT name FROM accounts FOR UPDATE",
        "SELECT set_config('transaction_read_only', 'off', true), query_to_xml('DELETE FROM accounts RETURNING 1', true, true, '')",
        "SELECT query_to_xml('CREATE TABLE t ()', true, true, '')",
        "SELECT ensure_usage_partition('2040-01-01')",
        "SELECT lo_export(1, '/tmp/x')",
    ],
)
async def test_what_reads_changes_nothing_however_it_is_put(desk: SqlDesk, own_database: Database, statement: str) -> None:
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("INSERT INTO accounts (public_id, name, created_at) VALUES ('a', 'kept', now())"))

    with pytest.raises((SqlForbidden, SqlRefused)):
        await read(desk, statement)

    async with own_database.transaction() as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM accounts"))).scalar_one() == 1
        assert (await tx.execute(sa.text("SELECT count(*) FROM pg_class WHERE relname IN ('copied', 't')"))).scalar_one() == 0


async def test_what_reading_announces_is_heard_by_nobody(desk: SqlDesk, own_database: Database) -> None:
    line = await psycopg.AsyncConnection.connect(own_database.url, autocommit=True)
    async with line:
        await line.execute("LISTEN api_keys")
        await read(desk, "SELECT pg_notify('api_keys', 'digest 00')")
        await line.execute("SELECT pg_notify('api_keys', 'the last')")

        assert [notice.payload async for notice in line.notifies(stop_after=1, timeout=10)] == ["the last"]


@pytest.mark.parametrize("statement", ["SELECT 1; SELECT 2", "SELECT 1; DROP TABLE accounts", "", "-- nothing", "SELECT 1;;SELECT 2"])
async def test_two_statements_are_not_one(desk: SqlDesk, statement: str) -> None:
    with pytest.raises(SqlNotOne):
        await read(desk, statement)


async def test_the_server_itself_refuses_two_statements_should_we_ever_take_them_for_one(roles: LesserRoles) -> None:
    console = SqlConsole(roles)

    with pytest.raises(SqlRefused, match="multiple commands"):
        await console.read("SELECT 1; SELECT 2", (), Bounds())
    with pytest.raises(SqlRefused, match="multiple commands"):
        await console.write("SELECT 1; SELECT 2", (), Bounds(), signature=("beast.signature", "{}"))


@pytest.mark.parametrize(
    "statement",
    [
        "COPY accounts TO PROGRAM 'id'",
        "COPY accounts TO STDOUT",
        "DO $$ BEGIN END $$",
        "CREATE TABLE t ()",
        "DROP TABLE accounts",
        "SET ROLE beast",
        "TRUNCATE accounts",
        "UPDATE accounts SET name = 'x'",
    ],
)
async def test_what_is_no_reading_is_refused_by_its_first_word(desk: SqlDesk, statement: str) -> None:
    with pytest.raises(SqlVerbRefused):
        await read(desk, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "COPY accounts TO PROGRAM 'id'",
        "DO $$ BEGIN EXECUTE 'DROP TABLE accounts'; END $$",
        "DROP TABLE accounts",
        "CREATE TABLE public.t ()",
        "TRUNCATE accounts",
        "ALTER TABLE accounts ADD COLUMN x int",
        "CREATE ROLE x SUPERUSER",
        "SET ROLE beast",
        "SET SESSION AUTHORIZATION beast",
        "ALTER ROLE beast PASSWORD 'x'",
    ],
)
async def test_and_were_it_let_through_the_role_could_not(roles: LesserRoles, own_database: Database, statement: str) -> None:
    console = SqlConsole(roles)

    with pytest.raises((SqlForbidden, SqlRefused)):
        await console.write(statement, (), Bounds(), signature=("beast.signature", "{}"))
    with pytest.raises((SqlForbidden, SqlRefused)):
        await console.build([statement], Bounds(), signature=("beast.signature", "{}"), is_rehearsal=False)

    async with own_database.transaction() as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM accounts"))).scalar_one() == 0


async def test_writing_changes_rows_and_the_trail_says_who(desk: SqlDesk, own_database: Database) -> None:
    told = await write(desk, "UPDATE api_keys SET name = $1 WHERE name = $2", "uno", "one")
    returned = await write(desk, "INSERT INTO accounts (public_id, name, created_at) VALUES ('a', 'b', now()) RETURNING name")

    assert told.answer.done == "UPDATE 1"
    assert returned.answer.rows == [["b"]]
    entries = [entry for entry in await trail(own_database) if entry.by == BY.by]
    assert [(entry.kind, entry.action) for entry in entries] == [
        ("console", "written"),
        ("key", "changed"),
        ("console", "done"),
        ("console", "written"),
        ("account", "created"),
        ("console", "done"),
    ]
    assert entries[0].after == {"statement": "UPDATE api_keys SET name = $1 WHERE name = $2", "arguments": ["uno", "one"]}
    assert entries[0].reason == "looking"
    assert entries[1].after == {"name": "uno"}


async def test_a_feed_changed_by_hand_is_a_version_of_it(desk: SqlDesk, own_database: Database) -> None:
    await write(desk, "UPDATE exchange_feeds SET enabled = NOT enabled WHERE venue = $1", "kraken")

    async with own_database.transaction() as tx:
        versions = sa.text("SELECT count(*) FROM exchange_feed_versions WHERE venue = 'kraken'")
        assert (await tx.execute(versions)).scalar_one() == 2


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE api_keys SET digest = '\\x00'",
        "UPDATE api_keys SET name = encode(digest, 'hex')",
        "UPDATE accounts SET name = (SELECT encode(digest, 'hex') FROM api_keys LIMIT 1)",
        "INSERT INTO accounts (public_id, name, created_at) SELECT encode(digest, 'hex'), 'x', now() FROM api_keys",
        "UPDATE accounts SET name = pg_read_file('/etc/hostname')",
        "DELETE FROM audit_log",
        "UPDATE audit_log SET by = 'nobody'",
        "INSERT INTO audit_log (by, action, kind, subject) VALUES ('x', 'x', 'x', 'x')",
        "DELETE FROM exchange_feed_versions",
        "UPDATE server_secret SET noted_at = now()",
        "DELETE FROM alembic_version",
        "DELETE FROM api_keys WHERE digest IS NOT NULL",
        "DELETE FROM api_keys RETURNING digest",
    ],
)
async def test_what_writes_sees_no_secret_and_touches_no_history(desk: SqlDesk, own_database: Database, statement: str) -> None:
    with pytest.raises((SqlForbidden, SqlRefused)):
        await write(desk, statement)

    async with own_database.transaction() as tx:
        assert (await tx.execute(sa.text("SELECT count(*) FROM api_keys"))).scalar_one() == 3


async def test_a_statement_that_fails_is_kept_in_the_trail_as_well(desk: SqlDesk, own_database: Database) -> None:
    with pytest.raises(SqlRefused) as refused:
        await read(desk, "SELECT no_such_column FROM accounts")

    assert "no_such_column" in str(refused.value.facts["reason"])
    assert (await trail(own_database))[-1].after == {"statement": "SELECT no_such_column FROM accounts", "arguments": []}


async def test_a_role_that_was_given_more_closes_the_console(desk: SqlDesk, own_database: Database) -> None:
    role = await reader_of(desk)
    async with own_database.transaction() as tx:
        await tx.execute(sa.text(f'GRANT pg_read_all_data TO "{role}"'))
    fresh = SqlDesk(
        own_database, LesserRoles(own_database, passwords_of(DIGESTS.derived)), Confirmations(SeededSecrets(), SystemClock()), SystemClock()
    )

    with pytest.raises(ConsoleClosed, match="member of another role"):
        await read(fresh, "SELECT 1")


async def test_a_database_whose_user_may_make_no_roles_says_so(own_database: Database, cluster: Any) -> None:
    assert cluster is not None
    async with own_database.transaction() as tx:
        await tx.execute(sa.text("DROP ROLE IF EXISTS plain_owner"))
        await tx.execute(sa.text("CREATE ROLE plain_owner LOGIN PASSWORD 'plain-owner'"))
    url = sa.make_url(own_database.url).set(username="plain_owner", password="plain-owner").render_as_string(hide_password=False)
    plain = Database(url)
    try:
        with pytest.raises(ConsoleClosed, match="may not make roles"):
            await LesserRoles(plain, passwords_of(DIGESTS.derived)).make()
    finally:
        await plain.close()


async def test_roles_made_by_one_node_let_in_another_and_are_made_at_once_by_many(own_database: Database) -> None:
    many = [SqlConsole(LesserRoles(own_database, passwords_of(DIGESTS.derived))) for _ in range(4)]

    answers = await asyncio.gather(*(console.read("SELECT current_user", (), Bounds()) for console in many))

    assert len({str(answer.rows[0][0]) for answer in answers}) == 1


async def test_the_password_is_in_no_log_and_no_line_stays_open(desk: SqlDesk, own_database: Database) -> None:
    await read(desk, "SELECT 1")

    async with own_database.transaction() as tx:
        lines = sa.text(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trinity-beast console' AND datname = current_database()"
        )
        assert (await tx.execute(lines)).scalar_one() == 0
        kept = (
            (await tx.execute(sa.text("SELECT DISTINCT left(rolpassword, 13) FROM pg_authid WHERE rolname LIKE 'beast_reader_%'")))
            .scalars()
            .all()
        )
    assert list(kept) == ["SCRAM-SHA-256"]


def test_every_column_that_looks_like_a_secret_is_marked_as_one_or_known_to_be_none() -> None:
    found = set()
    known = {
        ("usage_set_aside", "packed"), ("leak_reporters", "public_key"), ("set_aside_messages", "body"),
    }  # fmt: skip
    opened = open_tables()
    for table in metadata.tables.values():
        for column in table.columns:
            looks = isinstance(column.type, sa.LargeBinary) or any(
                word in column.name for word in ("secret", "digest", "token", "password", "fingerprint")
            )
            if looks and column.name in opened[table.name].columns and (table.name, column.name) not in known:
                found.add((table.name, column.name))
    assert found == set()
    assert "digest" not in opened["api_keys"].columns
