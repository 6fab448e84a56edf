"""What a database address looks like, and how it is shown without its password."""

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from trinity_beast.storage.errors import DatabaseAddressInvalid

DIALECTS = {"postgres", "postgresql", "postgresql+psycopg"}


def database_url(text: str) -> URL:
    """Read a `DATABASE_URL`; `postgres://`, `postgresql://` and `postgresql+psycopg://` all mean psycopg 3.

    Raises:
        DatabaseAddressInvalid: it is another kind of address, or none. The text is not among the facts: it may hold a password.
    """
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise DatabaseAddressInvalid(wanted="postgresql://user:password@host:5432/database") from None
    if url.drivername not in DIALECTS:
        raise DatabaseAddressInvalid(wanted="postgresql://", found=f"{url.drivername}://")
    return url.set(drivername="postgresql+psycopg")


def libpq_url(url: URL) -> str:
    """Return the address as libpq reads it, password included."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def address_for_libpq(text: str) -> str:
    """Return a `DATABASE_URL` as libpq reads it, password included.

    Raises:
        DatabaseAddressInvalid: as `database_url`.
    """
    return libpq_url(database_url(text))
