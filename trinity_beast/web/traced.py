"""What a trace tells of a request: its method, its route and what came of it. Never its address, its fields or its body.

Source of the names: https://opentelemetry.io/docs/specs/semconv/http/http-spans/, read 2026-11-20.
"""

from collections.abc import Iterable

from starlette.types import Scope

from trinity_beast.traces import Fact, Span
from trinity_beast.web.asked import Asked

_METHODS = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"))
_OTHER = "_OTHER"
_OURS = 500
"""From this status on the fault is ours, and the span has failed."""


def method_told(method: str) -> str:
    """Return a method, or that it is none we know: a caller may write anything there."""
    return method if method in _METHODS else _OTHER


def parent_in(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Return the span the caller says it asks within."""
    given = next((value for name, value in headers if name == b"traceparent"), None)
    return None if given is None else given.decode("latin-1")


def describe(span: Span, scope: Scope, status: int, asked: Asked) -> None:
    """Note what a request came to. `scope` is the one the routes have seen."""
    method = method_told(asked.method)
    facts: dict[str, Fact] = {
        "http.request.method": method,
        "http.response.status_code": status,
        "trinity.service": asked.identity.service,
        "trinity.code": asked.code,
        "trinity.request_id": asked.own_id,
    }
    route = getattr(scope.get("route"), "path_format", None)
    if isinstance(route, str):
        facts["http.route"] = route
        span.rename(f"{method} {route}")
    span.note(facts)
    if status >= _OURS:
        span.failed(asked.code)
