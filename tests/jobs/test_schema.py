"""The tables of jobs, as our migrations make them, are those of the procrastinate that is installed."""

import hashlib
from importlib.resources import files

import psycopg

from tests.support.database import Cluster

KNOWN_SHA256 = "c70ec4b400a60ad9592787653aae5ae77ae41bf801d56b5bd2712751a07f2009"
"""Of the schema that databases have: of release 3.10, and what steps since have made of it."""
WHAT_TO_DO = (
    "procrastinate changed its schema. Databases that are there need a step in migrations/versions that runs what is new under"
    " procrastinate/sql/migrations; those made from now on have it from step 0012, so it must look first. Then note the sum here."
)
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
    assert made == wanted


def test_the_installed_release_has_the_schema_that_databases_have() -> None:
    assert hashlib.sha256(files("procrastinate.sql").joinpath("schema.sql").read_bytes()).hexdigest() == KNOWN_SHA256, WHAT_TO_DO
