"""Walking the schema up: whole, once, under a lock, and never past what the code knows."""

import importlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

import trinity_beast
from tests.support.database import Cluster
from trinity_beast.storage import DependencyAway, SchemaBusy, SchemaNewer, metadata, upgrade
from trinity_beast.storage.addresses import database_url
from trinity_beast.storage.migrations import STEPS, UPGRADE_LOCK


@pytest.fixture
def empty_url(cluster: Cluster) -> str:
    return cluster.empty()


def test_every_step_follows_exactly_one_other() -> None:
    steps = ScriptDirectory(str(STEPS))
    assert len(steps.get_heads()) == 1, "two migrations follow the same one: the later takes the next number"
    assert all(step.doc and step.revision == f"{number:04}" for number, step in enumerate(reversed(list(steps.walk_revisions())), 1))


def test_the_migrations_make_exactly_the_tables_the_code_declares(own_database_url: str) -> None:
    product = Path(trinity_beast.__file__).parent
    for tables in sorted(product.rglob("tables.py")):
        importlib.import_module(".".join(["trinity_beast", *tables.relative_to(product).with_suffix("").parts]))
    engine = sa.create_engine(database_url(own_database_url), poolclass=sa.NullPool)
    with engine.connect() as connection:
        options = {"compare_server_default": True, "include_name": of_ours}
        drift = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    assert drift == []


def of_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a table is declared by our code; those of jobs are procrastinate's, and compared in `tests/jobs`."""
    return kind != "table" or not (name or "").startswith("procrastinate_")


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    upgrade(empty_url)
    upgrade(empty_url)


def test_many_nodes_may_start_at_once(empty_url: str) -> None:
    with ThreadPoolExecutor(6) as nodes:
        for done in [nodes.submit(upgrade, empty_url) for _ in range(6)]:
            done.result()
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT count(*) FROM rate_limit_template").fetchone() == (8,)


def test_a_database_newer_than_the_code_is_refused_by_name_and_left_alone(empty_url: str) -> None:
    upgrade(empty_url)
    with psycopg.connect(empty_url) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaNewer) as refusal:
        upgrade(empty_url)
    assert refusal.value.facts == {"found": "9999", "newest_known": ScriptDirectory(str(STEPS)).get_current_head()}
    with psycopg.connect(empty_url) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("9999",)


def test_a_node_waits_no_longer_than_it_was_told_for_another(empty_url: str) -> None:
    with psycopg.connect(empty_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [UPGRADE_LOCK])
        with pytest.raises(SchemaBusy):
            upgrade(empty_url, wait_seconds=0.2)
    upgrade(empty_url)


def test_a_step_gives_up_on_a_locked_table_and_undoes_itself(empty_url: str) -> None:
    with psycopg.connect(empty_url) as first:
        first.execute("CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    with psycopg.connect(empty_url) as reader:
        reader.execute("LOCK TABLE alembic_version IN SHARE MODE")  # Reading it works; noting the step does not.
        with pytest.raises(SchemaBusy):
            upgrade(empty_url, step_lock_seconds=0.2)
        assert reader.execute("SELECT to_regclass('api_keys')").fetchone() == (None,)
    upgrade(empty_url)


def test_a_database_that_is_away_is_told_so(empty_url: str) -> None:
    nobody_listens = sa.make_url(empty_url).set(port=1).render_as_string(hide_password=False)
    with pytest.raises(DependencyAway) as refusal:
        upgrade(nobody_listens)
    assert isinstance(refusal.value.__cause__, sa.exc.OperationalError)
