"""The headers every answer carries, whoever gives it and whatever it says."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from trinity_beast.errors import TrinityError

_EXPOSED = (
    "X-Request-Id, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    "Retry-After, x-should-retry, Content-Language, ETag, Link, Content-Disposition, "
    "X-Report-Store, X-Report-Complete-Until, X-Next-Cursor"
)
CORS = (("Access-Control-Allow-Origin", "*"), ("Access-Control-Expose-Headers", _EXPOSED))
KEYLESS = (
    ("RateLimit-Policy", '"key";q=0'),
    ("X-RateLimit-Limit", "0"),
    ("X-RateLimit-Remaining", "0"),
    ("X-RateLimit-Reset", "0"),
    ("RateLimit", '"key";r=0'),
)
"""The rate-limit fields of an answer to nobody, as the engine tells them: no key, no requests."""

PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"),
    (
        "Access-Control-Allow-Headers",
        "Authorization, X-API-Key, Content-Type, Accept-Language, If-None-Match, X-Request-Id, Idempotency-Key, Last-Event-ID",
    ),
    ("Access-Control-Max-Age", "86400"),
)
_SPENT_CODES = frozenset(("QUOTA_SPENT", "REPORT_QUOTA_SPENT"))
_KEY_CODES = frozenset(("KEY_MISSING", "KEY_INVALID", "KEY_REVOKED", "KEY_EXPIRED"))
_ADMIN_KEY_CODES = frozenset(("ADMIN_KEY_MISSING", "ADMIN_KEY_WRONG"))
_RETRY_AFTER_SECONDS: Mapping[str, int] = {
    "RATE_LIMITED": 1,
    "OVERLOADED": 1,
    "DEPENDENCY_AWAY": 1,
    "NOT_READY": 5,
    "SCHEMA_BUSY": 5,
}
_RETRY_AFTER_SECONDS_MAX = 60


def refusal_headers(error: TrinityError) -> list[tuple[str, str]]:
    """Return what a refusal says beside its body: when to try again, how to be let in, what would be allowed.

    A spent quota gets no Retry-After: clients sleep through whatever it says, and a month is no wait.
    """
    headers: list[tuple[str, str]] = []
    seconds = error.facts.get("retry_after_seconds", _RETRY_AFTER_SECONDS.get(error.code))
    if error.code in _SPENT_CODES:
        headers.append(("x-should-retry", "false"))
    elif isinstance(seconds, int | float):
        headers.append(("Retry-After", str(max(1, min(_RETRY_AFTER_SECONDS_MAX, round(seconds))))))
    if error.code in _KEY_CODES:
        headers.append(("WWW-Authenticate", 'Bearer realm="prices"'))
    if error.code in _ADMIN_KEY_CODES:
        headers.append(("WWW-Authenticate", 'Bearer realm="admin"'))
    if error.code == "METHOD_NOT_ALLOWED" and (allowed := error.facts.get("allowed")):
        headers.append(("Allow", str(allowed)))
    return headers


def raw(headers: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI has them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def with_limits(headers: Iterable[tuple[str, str]], known: Callable[[], Sequence[tuple[str, str]] | None]) -> list[tuple[str, str]]:
    """Return `headers`; where they hold no rate-limit fields, with those that are `known` of the caller, else those of nobody."""
    given = list(headers)
    return given if any(name.lower() == "ratelimit" for name, _ in given) else [*given, *(known() or KEYLESS)]
