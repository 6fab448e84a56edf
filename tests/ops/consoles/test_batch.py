"""Tables of one's own: rehearsed, confirmed, kept; and nothing beyond them."""

from typing import Any

import pytest
import sqlalchemy as sa

from tests.ops.consoles.asking import BY, read, write
from trinity_beast.ops import SqlDesk
from trinity_beast.ops.consoles.errors import ConfirmationWrong, SqlNotOne, SqlVerbRefused
from trinity_beast.storage import (
    Bounds,
    Database,
    LesserRoles,
    SqlConsole,
    SqlForbidden,
    SqlRefused,
)


async def batch(desk: SqlDesk, *statements: str, token: str = "") -> Any:
    return await desk.batch(statements, Bounds(), token=token, by=BY)


async def test_a_batch_is_rehearsed_first_and_kept_by_its_token_once(desk: SqlDesk) -> None:
    statements = (
        "CREATE TABLE notes (id int PRIMARY KEY, text text)",
        "INSERT INTO notes SELECT key_id, name FROM api_keys",
        "CREATE INDEX ON notes (text)",
        "CREATE VIEW short AS SELECT text FROM notes",
        "UPDATE accounts SET name = name",
    )

    rehearsed = await batch(desk, *statements)
    with pytest.raises(SqlRefused):
        await read(desk, "SELECT * FROM console.notes")
    kept = await batch(desk, *statements, token=rehearsed.token)

    assert list(rehearsed.done) == list(kept.done) == ["CREATE TABLE", "INSERT 0 3", "CREATE INDEX", "CREATE VIEW", "UPDATE 0"]
    assert kept.token == ""
    assert (await read(desk, "SELECT text FROM short ORDER BY 1")).answer.rows == [["one"], ["three"], ["two"]]
    assert (await write(desk, "DELETE FROM notes WHERE text = 'two'")).answer.done == "DELETE 1"
    with pytest.raises(ConfirmationWrong):
        await batch(desk, *statements, token=rehearsed.token)


async def test_a_token_confirms_nothing_else(desk: SqlDesk) -> None:
    token = (await batch(desk, "CREATE TABLE one ()")).token

    with pytest.raises(ConfirmationWrong):
        await batch(desk, "CREATE TABLE two ()", token=token)
    with pytest.raises(ConfirmationWrong):
        await batch(desk, "CREATE TABLE one ()", token=token)
    with pytest.raises(ConfirmationWrong):
        await batch(desk, "CREATE TABLE one ()", token="x" * 22)


async def test_a_batch_is_all_or_nothing(desk: SqlDesk) -> None:
    statements = ("CREATE TABLE half ()", "SELECT 1 / (SELECT count(*) FROM half)")

    with pytest.raises(SqlRefused) as refused:
        await batch(desk, *statements)

    assert refused.value.facts["statement"] == 2
    with pytest.raises(SqlRefused):
        await read(desk, "SELECT * FROM console.half")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE public.evil ()",
        "CREATE FUNCTION public.lower(varchar) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$",
        "ALTER TABLE accounts ALTER name SET DEFAULT pg_read_file('/etc/hostname')",
        "CREATE TABLE stolen AS SELECT digest FROM api_keys",
        "CREATE TRIGGER t AFTER UPDATE ON accounts EXECUTE FUNCTION keep_audit('a', 'b')",
        "CREATE RULE r AS ON UPDATE TO accounts DO NOTHING",
        "CREATE POLICY p ON accounts USING (true)",
        "DROP TABLE accounts",
        "TRUNCATE audit_log",
        "CREATE EXTENSION dblink",
        "CREATE SCHEMA beast",
        "CREATE ROLE evil",
        "ALTER ROLE beast NOSUPERUSER",
        "ALTER SYSTEM SET archive_command = 'id'",
        "CREATE EVENT TRIGGER e ON ddl_command_start EXECUTE FUNCTION keep_audit()",
        "ALTER FUNCTION keep_audit() SECURITY INVOKER",
        "DROP SCHEMA console CASCADE",
        "CREATE FUNCTION f() RETURNS void LANGUAGE c AS '/tmp/x.so', 'f'",
    ],
)  # fmt: skip
async def test_what_builds_keeps_to_its_own_schema(desk: SqlDesk, statement: str) -> None:
    with pytest.raises((SqlForbidden, SqlRefused)):
        await batch(desk, statement)


async def test_a_view_of_what_is_secret_tells_nobody_anything(desk: SqlDesk, own_database: Database) -> None:
    view = ("CREATE VIEW stolen AS SELECT digest FROM api_keys",)
    await batch(desk, *view, token=(await batch(desk, *view)).token)

    with pytest.raises(SqlForbidden):
        await read(desk, "SELECT * FROM console.stolen")
    with pytest.raises(SqlForbidden):
        await write(desk, "INSERT INTO accounts (public_id, name, created_at) SELECT encode(digest, 'hex'), 'x', now() FROM console.stolen")


async def test_granting_what_one_has_not_grants_nothing(roles: LesserRoles, own_database: Database) -> None:
    await SqlConsole(roles).write("GRANT SELECT ON api_keys TO public", (), Bounds(), signature=("beast.signature", "{}"))

    async with own_database.transaction() as tx:
        assert not (await tx.execute(sa.text("SELECT has_any_column_privilege('public', 'api_keys', 'SELECT')"))).scalar_one()


async def test_the_whole_database_as_xml_holds_no_secret(desk: SqlDesk, own_database: Database) -> None:
    told = await read(desk, "SELECT database_to_xml(true, true, '')")

    async with own_database.transaction() as tx:
        digests = (await tx.execute(sa.text("SELECT encode(digest, 'base64') FROM api_keys"))).scalars().all()
    assert len(digests) == 3
    assert not any(digest in str(told.answer.rows) for digest in digests)


async def test_transactions_are_not_a_batchs_own(desk: SqlDesk) -> None:
    for statement in ("COMMIT", "ROLLBACK", "BEGIN", "SAVEPOINT a", "SET statement_timeout = 0", "DO $$ BEGIN COMMIT; END $$"):
        with pytest.raises(SqlVerbRefused):
            await batch(desk, "CREATE TABLE a ()", statement)
    with pytest.raises(SqlNotOne):
        await batch(desk, "CREATE TABLE a (); COMMIT")
