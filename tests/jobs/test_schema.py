"""The tables of jobs, as our migrations make them, are those of the procrastinate that is installed."""

import re
from importlib.resources import files
from pathlib import Path

import psycopg

import trinity_beast
from tests.support.database import Cluster

STEPS = Path(trinity_beast.__file__).parent.parent / "migrations" / "versions"
DESCRIPTION = """
SELECT 'column', format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default)
FROM information_schema.columns WHERE table_name LIKE 'procrastinate%'
UNION ALL SELECT 'function', p.oid::regprocedure || md5(prosrc) FROM pg_proc AS p WHERE proname LIKE 'procrastinate%'
UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE tablename LIKE 'procrastinate%'
UNION ALL SELECT 'trigger', pg_get_triggerdef(t.oid) FROM pg_trigger AS t
WHERE tgrelid::regclass::text LIKE 'procrastinate%' AND NOT tgisinternal
UNION ALL SELECT 'word', format('%s.%s', enumtypid::regtype, enumlabel) FROM pg_enum
ORDER BY 1, 2
"""


def test_our_migrations_make_the_schema_of_the_installed_release(cluster: Cluster, own_database_url: str) -> None:
    theirs = cluster.empty()
    with psycopg.connect(theirs) as connection:
        connection.execute(files("procrastinate.sql").joinpath("schema.sql").read_bytes())
        wanted = connection.execute(DESCRIPTION).fetchall()
    cluster.drop(theirs)
    with psycopg.connect(own_database_url) as connection:
        made = connection.execute(DESCRIPTION).fetchall()
    assert made == wanted, "procrastinate changed its schema: add a step that runs what is new under procrastinate/sql/migrations"


def test_the_release_whose_schema_we_took_is_not_changed_by_hand() -> None:
    text = (STEPS / "procrastinate_3_10.sql").read_text(encoding="utf-8")
    assert len(re.findall(r"^CREATE TABLE procrastinate_", text, re.MULTILINE)) == 4
