"""Database roles with fewer rights than ours, for what persons ask: what a role may not do, no statement talks it into.

A statement cannot be judged by its text: `SELECT` alone can write, read files and become somebody else through functions. So
each console signs in as a role of its own that owns nothing of ours, may see no secret column and cannot become anybody else.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import psycopg
from psycopg import sql

from trinity_beast.storage.addresses import database_url, libpq_url
from trinity_beast.storage.database import Database
from trinity_beast.storage.errors import ConsoleClosed
from trinity_beast.storage.metadata import OpenTable, open_tables

SCHEMA = "console"
"""Where persons make tables of their own. It is on nobody's path but theirs: what lies there is never taken for ours."""

LOCK = 2679_8081
"""The advisory lock under which the roles are made."""

LOCK_SECONDS = 3.0
CONNECT_SECONDS = 5


class Lesser(StrEnum):
    """Who a person's statement runs as."""

    READER = "reader"
    EDITOR = "editor"
    """Sees what the reader sees, and changes rows of what is no history."""
    BUILDER = "builder"
    """As the editor, and makes tables, views and indexes in the schema `console`."""


@dataclass(frozen=True, slots=True)
class Sign:
    """How a lesser role signs in."""

    role: str
    password: str

    def __repr__(self) -> str:
        return f"Sign({self.role})"


class LesserRoles:
    """Makes the roles of one database, once a run, and opens lines as them."""

    def __init__(self, database: Database, passwords: Mapping[Lesser, str]) -> None:
        """`passwords` are the same on every node, so that what one made lets all in."""
        self._database, self._passwords = database, passwords
        self._are_made = False

    async def line(self, lesser: Lesser, *, seconds: float) -> psycopg.AsyncConnection[tuple[object, ...]]:
        """Return a new connection as a lesser role, in no transaction; the caller closes it.

        Raises:
            ConsoleClosed: the roles cannot be made, or are not as little as they should be.
            DependencyAway: the database does not answer.
        """
        if not self._are_made:
            await self.make()
        sign = self._sign(lesser)
        address = libpq_url(database_url(self._database.url).set(username=sign.role, password=sign.password))
        is_reader = lesser is Lesser.READER
        options = {
            "statement_timeout": f"{round(seconds * 1000)}",
            "idle_in_transaction_session_timeout": f"{round(seconds * 1000) + 5_000}",
            "lock_timeout": f"{round(LOCK_SECONDS * 1000)}",
            "client_connection_check_interval": "1000",
            "default_transaction_read_only": "on" if is_reader else "off",
            "search_path": f"{SCHEMA},public" if lesser is Lesser.BUILDER else f"public,{SCHEMA}",
            "timezone": "UTC",
        }
        try:
            return await psycopg.AsyncConnection.connect(
                address,
                connect_timeout=CONNECT_SECONDS,
                application_name="trinity-beast console",
                options=" ".join(f"-c {name}={value}" for name, value in options.items()),
            )
        except psycopg.OperationalError as error:
            self._are_made = False  # Somebody may have dropped them, or the database is another one by now.
            raise ConsoleClosed(reason=(str(error).splitlines() or ["no connection"])[0][:200]) from error

    def shared(self) -> list[sql.Composed]:
        """Return the statements by which a builder lets the others see and fill what lies in its schema."""
        reader, editor = (sql.Identifier(self._sign(lesser).role) for lesser in (Lesser.READER, Lesser.EDITOR))
        on = sql.SQL("ON ALL TABLES IN SCHEMA {} TO").format(sql.Identifier(SCHEMA))
        return [
            sql.SQL("GRANT SELECT {} {}, {}").format(on, reader, editor),
            sql.SQL("GRANT INSERT, UPDATE, DELETE {} {}").format(on, editor),
        ]

    async def make(self) -> None:
        """Make the roles where they are not, and give each what it may have and nothing else.

        Raises:
            ConsoleClosed, DependencyAway: as `line`.
        """
        try:
            async with self._database.transaction() as tx:
                driver = (await tx.get_raw_connection()).driver_connection
                assert isinstance(driver, psycopg.AsyncConnection), "the address says psycopg"
                await driver.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
                for lesser in Lesser:
                    await self._make_role(driver, self._sign(lesser))
                await self._make_schema(driver)
                await self._grant(driver, await _present(driver))
                await self._expect_little(driver)
                await tx.commit()
        except psycopg.errors.InsufficientPrivilege as error:
            raise ConsoleClosed(reason=f"the database's own user may not make roles: {error.diag.message_primary}") from error
        self._are_made = True

    def _sign(self, lesser: Lesser) -> Sign:
        # Roles belong to all databases of a server; each database has its own.
        suffix = hashlib.sha256((database_url(self._database.url).database or "").encode()).hexdigest()[:10]
        return Sign(f"beast_{lesser.value}_{suffix}", self._passwords[lesser])

    async def _make_role(self, driver: psycopg.AsyncConnection[tuple[object, ...]], sign: Sign) -> None:
        name = sql.Identifier(sign.role)
        there = await (await driver.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [sign.role])).fetchone()
        if there is None:
            await driver.execute(sql.SQL("CREATE ROLE {} LOGIN NOINHERIT").format(name))
        # Told as PostgreSQL keeps it, so that the password is in no log of the server.
        verifier = driver.pgconn.encrypt_password(sign.password.encode(), sign.role.encode(), b"scram-sha-256").decode()
        await driver.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(name, sql.Literal(verifier)))
        await driver.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {}").format(name))
        await driver.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(name))

    async def _make_schema(self, driver: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        reader, editor, builder = (sql.Identifier(self._sign(lesser).role) for lesser in Lesser)
        schema = sql.Identifier(SCHEMA)
        await driver.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        await driver.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}, {}, {}").format(schema, reader, editor, builder))
        await driver.execute(sql.SQL("GRANT CREATE ON SCHEMA {} TO {}").format(schema, builder))

    async def _grant(self, driver: psycopg.AsyncConnection[tuple[object, ...]], tables: Mapping[str, OpenTable]) -> None:
        everybody = sql.SQL(", ").join(sql.Identifier(self._sign(lesser).role) for lesser in Lesser)
        writers = sql.SQL(", ").join(sql.Identifier(self._sign(lesser).role) for lesser in (Lesser.EDITOR, Lesser.BUILDER))
        for name, table in tables.items():
            columns, on = sql.SQL(", ").join(map(sql.Identifier, table.columns)), sql.Identifier("public", name)
            await driver.execute(sql.SQL("GRANT SELECT ({}) ON {} TO {}").format(columns, on, everybody))
            if not table.is_history:
                await driver.execute(sql.SQL("GRANT INSERT ({0}), UPDATE ({0}), DELETE ON {1} TO {2}").format(columns, on, writers))

    async def _expect_little(self, driver: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        """See that no role of ours got more than we gave it, as by hand or from what everybody may."""
        for lesser in Lesser:
            role = self._sign(lesser).role
            row = await (await driver.execute(_EXCESS, {"role": role})).fetchone()
            assert row is not None, "the role was made just now"
            excess = [str(each) for each in row if each]
            if excess:
                raise ConsoleClosed(reason=f"the role {role} {excess[0]}")


_EXCESS = """
SELECT CASE WHEN rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls THEN 'was given rights over the server' END,
       CASE WHEN EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) THEN 'was made a member of another role' END,
       CASE WHEN has_schema_privilege(r.oid, 'public', 'CREATE') THEN 'may create in the schema public, as everybody here' END,
       CASE WHEN has_database_privilege(r.oid, current_database(), 'CREATE') THEN 'may create schemas in this database' END
FROM pg_roles r WHERE rolname = %(role)s
"""


async def _present(driver: psycopg.AsyncConnection[tuple[object, ...]]) -> Mapping[str, OpenTable]:
    """Return what of our tables a person may see, as far as this database has it: it may stand at another step."""
    rows = await driver.execute("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
    there: dict[str, set[str]] = {}
    for table, column in await rows.fetchall():
        there.setdefault(str(table), set()).add(str(column))
    found = {
        name: OpenTable(tuple(column for column in table.columns if column in there.get(name, ())), table.is_history)
        for name, table in open_tables().items()
    }
    return {name: table for name, table in found.items() if table.columns}
