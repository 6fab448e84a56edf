"""Bring the schema up to what this code expects, whichever of many nodes comes first."""

from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import trinity_beast
from trinity_beast.storage.addresses import database_url
from trinity_beast.storage.errors import DependencyAway, SchemaBusy, SchemaNewer

STEPS = Path(trinity_beast.__file__).parent.parent / "migrations"
"""Beside the package, in the checkout and in the wheel alike."""

UPGRADE_LOCK = 2679_8080
"""The advisory lock all nodes agree on; any number nobody else uses in this database."""


@dataclass(frozen=True, slots=True)
class SchemaStep:
    """Which step a database's schema stands at (empty: none), the newest this code knows, and all it knows."""

    found: str
    newest: str
    known: frozenset[str]

    @property
    def is_known(self) -> bool:
        """Whether this code knows the step it stands at."""
        return not self.found or self.found in self.known


def schema_step(url: str) -> SchemaStep:
    """Return which step the database at `url` stands at, changing nothing. Blocks; run it in a thread where a loop runs.

    Raises:
        DependencyAway: the database does not answer.
    """
    engine = sa.create_engine(database_url(url), poolclass=sa.NullPool, connect_args={"connect_timeout": 10})
    steps = ScriptDirectory(str(STEPS))
    try:
        with engine.connect() as connection:
            found = set(MigrationContext.configure(connection).get_current_heads())
    except sa.exc.OperationalError as error:
        raise DependencyAway(part="database") from error
    finally:
        engine.dispose()
    return SchemaStep(", ".join(sorted(found)), steps.get_current_head() or "", frozenset(step.revision for step in steps.walk_revisions()))


def upgrade(url: str, *, wait_seconds: float = 60.0, step_lock_seconds: float = 3.0) -> None:
    """Bring the database at `url` to the newest schema this code knows. Blocks; run it in a thread where a loop runs.

    Many nodes may call it at once: one upgrades, the others wait up to `wait_seconds` for it and find the work done.
    A step that cannot have its table within `step_lock_seconds` is given up, so that no reader queues behind us.

    Raises:
        SchemaNewer: the database knows a step this code does not.
        SchemaBusy: another program has been at it for `wait_seconds`, or a table stayed locked.
        DependencyAway: the database does not answer.
    """
    engine = sa.create_engine(database_url(url), poolclass=sa.NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as connection:
            _wait_at_most(connection, wait_seconds)
            if not _is_current(connection):
                _upgrade_alone(connection, step_lock_seconds)
    except sa.exc.OperationalError as error:
        if isinstance(error.orig, psycopg.errors.LockNotAvailable):
            raise SchemaBusy(waited_seconds=wait_seconds, step_waited_seconds=step_lock_seconds) from error
        raise DependencyAway(part="database") from error
    finally:
        engine.dispose()


def _upgrade_alone(connection: sa.Connection, step_lock_seconds: float) -> None:
    connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": UPGRADE_LOCK})
    connection.commit()
    try:
        if _is_current(connection):
            return
        _wait_at_most(connection, step_lock_seconds)
        configuration = Config(attributes={"connection": connection})
        configuration.set_main_option("script_location", str(STEPS))
        command.upgrade(configuration, "head")
        connection.commit()
    finally:
        connection.rollback()
        connection.execute(sa.text("SELECT pg_advisory_unlock(:lock)"), {"lock": UPGRADE_LOCK})
        connection.commit()


def _wait_at_most(connection: sa.Connection, seconds: float) -> None:
    connection.execute(sa.text("SELECT set_config('lock_timeout', :text, false)"), {"text": f"{round(seconds * 1000)}ms"})
    connection.commit()  # A setting made in a transaction goes with it when it is rolled back.


def _is_current(connection: sa.Connection) -> bool:
    """Whether nothing is left to do; refuses a database that is ahead of us."""
    steps = ScriptDirectory(str(STEPS))
    known = {step.revision for step in steps.walk_revisions()}
    found = set(MigrationContext.configure(connection).get_current_heads())
    connection.rollback()
    if not found <= known:
        raise SchemaNewer(found=", ".join(sorted(found - known)), newest_known=steps.get_current_head())
    return found == set(steps.get_heads())
