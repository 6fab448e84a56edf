"""What the address of a Valkey looks like, and how it is shown without its password."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from trinity_beast.storage.errors import CacheAddressInvalid

WANTED = "valkey://user:password@host:6379/0"
PORT = 6379
DATABASES_MAX = 100_000
ENCRYPTED: Mapping[str, bool] = {"valkey": False, "redis": False, "valkeys": True, "rediss": True}
"""The schemes that name a host, and whether the line is encrypted."""


@dataclass(frozen=True, slots=True)
class CacheAddress:
    """Where a Valkey (or a Redis) listens and as whom we come: a host, or the path of a socket."""

    host: str = ""
    port: int = PORT
    path: str = ""
    database: int = 0
    is_encrypted: bool = False
    ca_file: str = ""
    """Whom to believe where the line is encrypted; empty: whom this machine believes."""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """Return the address as it may be shown to anybody."""
        if self.path:
            return f"unix://{self.path}?db={self.database}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'valkeys' if self.is_encrypted else 'valkey'}://{host}:{self.port}/{self.database}"


def cache_address(text: str) -> CacheAddress:
    """Read a `CACHE_URL`: `valkey://` or `redis://`, with an `s` more where the line is encrypted, or `unix://` and a path.

    The database is the path (`/0`) or `?db=0`; `?ca=FILE` names whom to believe on an encrypted line. What is special in a
    password is percent-encoded.

    Raises:
        CacheAddressInvalid: it is something else. The text is not among the facts: it may hold a password.
    """
    if not text.isprintable() or " " in text:
        raise _wrong("it holds a space or a character that cannot be seen")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise _wrong("its host or port cannot be read; what is special in a password is percent-encoded") from None
    if parts.fragment or "#" in text:
        raise _wrong("it holds a '#'; in a password that is written %23")
    if parts.scheme == "unix":
        return _socket(parts)
    if parts.scheme not in ENCRYPTED:
        raise _wrong("it begins with none of valkey://, valkeys://, redis://, rediss://, unix://")
    return _host(parts, PORT if port is None else port)


def _socket(parts: SplitResult) -> CacheAddress:
    if not parts.path.startswith("/") or parts.hostname:
        raise _wrong("unix:// is followed by the whole path of a socket, as in unix:///run/valkey.sock")
    options = _options(parts, {"db"})
    username, password = _credentials(parts)
    return CacheAddress(path=unquote(parts.path), database=_database(options.get("db", "0")), username=username, password=password)


def _host(parts: SplitResult, port: int) -> CacheAddress:
    if not parts.hostname:
        raise _wrong("it names no host")
    if not 1 <= port <= 65_535:
        raise _wrong("its port is not 1 to 65535")
    is_encrypted = ENCRYPTED[parts.scheme]
    options = _options(parts, {"db", "ca"} if is_encrypted else {"db"})
    in_path = parts.path.removeprefix("/")
    if in_path and "db" in options:
        raise _wrong("it names its database twice")
    username, password = _credentials(parts)
    return CacheAddress(
        host=unquote(parts.hostname),
        port=port,
        database=_database(in_path or options.get("db", "0")),
        is_encrypted=is_encrypted,
        ca_file=options.get("ca", ""),
        username=username,
        password=password,
    )


def _credentials(parts: SplitResult) -> tuple[str, str]:
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if username and not password:
        raise _wrong("it names a user and no password; a password alone stands after a colon, as in valkey://:password@host")
    return username, password


def _database(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6 and int(text) < DATABASES_MAX):
        raise _wrong("its database is no number, as the 0 in valkey://host/0")
    return int(text)


def _options(parts: SplitResult, known: set[str]) -> dict[str, str]:
    try:
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query), max_num_fields=4)
    except ValueError:
        raise _wrong("what stands behind its '?' cannot be read") from None
    options = dict(pairs)
    if len(options) != len(pairs) or not set(options) <= known:
        raise _wrong(f"behind its '?' may stand {' and '.join(sorted(known))}, each once")
    return options


def _wrong(reason: str) -> CacheAddressInvalid:
    return CacheAddressInvalid(wanted=WANTED, reason=reason)
