"""Connections to a Valkey, and what its faults mean."""

import ssl
from typing import Any

from valkey.asyncio import Connection, ConnectionPool, SSLConnection, UnixDomainSocketConnection
from valkey.asyncio.connection import AbstractConnection
from valkey.exceptions import ClusterDownError, ResponseError, TryAgainError
from valkey.exceptions import ConnectionError as ValkeyConnectionError

from trinity_beast.storage.cache_address import CacheAddress
from trinity_beast.storage.errors import CacheAddressInvalid

CLIENT_NAME = "trinity-beast"
NOT_NOW = (ClusterDownError, TryAgainError)
"""Refusals that say the server cannot serve us at all just now. The driver takes others (LOADING, a wrong password) for a
lost connection by itself; one that has no room, or may only be read, still answers, and is no reason to leave it alone."""


def lines_to(address: CacheAddress, connections_max: int, connect_seconds: float) -> ConnectionPool:
    """Return a pool of connections to `address`. None is opened before it is needed.

    Raises:
        CacheAddressInvalid: the file that says whom to believe cannot be read.
    """
    kind, options = _line(address, connect_seconds)
    return ConnectionPool(kind, connections_max, **options)


def line_to(address: CacheAddress, connect_seconds: float) -> AbstractConnection:
    """Return one connection to `address`, not yet opened.

    Raises:
        CacheAddressInvalid: as `lines_to`.
    """
    kind, options = _line(address, connect_seconds)
    return kind(**options)


def _line(address: CacheAddress, connect_seconds: float) -> tuple[type[AbstractConnection], dict[str, Any]]:
    options: dict[str, Any] = {
        "db": address.database,
        "username": address.username or None,
        "password": address.password or None,
        "socket_connect_timeout": connect_seconds,
        "socket_timeout": None,  # Every call has one deadline over all it does; see `Valkey`.
        "client_name": CLIENT_NAME,
        "lib_name": None,
        "lib_version": None,
    }
    if address.path:
        return UnixDomainSocketConnection, options | {"path": address.path}
    options |= {"host": address.host, "port": address.port, "socket_keepalive": True}
    if not address.is_encrypted:
        return Connection, options
    _check_readable(address.ca_file)
    return SSLConnection, options | {
        "ssl_cert_reqs": "required",
        "ssl_check_hostname": True,
        "ssl_ca_certs": address.ca_file or None,
    }


def is_away(error: Exception) -> bool:
    """Whether a fault says that the server is not there for us, rather than that it disliked one command."""
    return not isinstance(error, ResponseError) or isinstance(error, NOT_NOW)


def reason_of(error: BaseException) -> str:
    """Return the first line of what the driver or the server said. It never holds a password, only where and what."""
    if isinstance(error, TimeoutError) and not str(error):
        return "no answer in time"
    kind = "" if isinstance(error, OSError | ValkeyConnectionError) else f"{type(error).__name__}: "
    return (kind + (str(error).splitlines() or [type(error).__name__])[0])[:200]


def _check_readable(ca_file: str) -> None:
    try:
        ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise CacheAddressInvalid(wanted="valkeys://host:6379/0?ca=FILE", reason="the file behind ca= cannot be read") from error
