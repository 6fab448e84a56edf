"""Seven wrong ways to use a route, made from what its description says of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msgspec

from tests.openapi.described import Operation, alternatives
from tests.openapi.running import request_of
from trinity_beast.web import Example

WAYS = ("no key", "wrong key", "bad body", "out of range", "unknown name", "too large", "concurrent edit")
CHANGED_MEANWHILE = frozenset(["CONFLICT", "TIER_CHANGED", "PLAN_CHANGED", "CONFIRMATION_WRONG"])
"""What is said to whoever changes what somebody else has changed meanwhile."""
BODY_BYTES_MAX = 1_048_576
EXACT_BELOW = 2**53
HEAD_BYTES_MAX = 16_384


@dataclass(frozen=True)
class Wrong:
    """A wrong request, and how it must be refused."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    status: int = 400
    codes: frozenset[str] = frozenset(["REQUEST_INVALID"])


def wrong_ways(operation: Operation, way: str) -> list[Wrong]:
    """Return the ways of one kind in which an operation can be used wrongly; none where there is none."""
    return list(_MAKERS[way](operation))


def _no_key(operation: Operation) -> Iterator[Wrong]:
    method, path, headers, content = _request(operation)
    headers = {name: value for name, value in headers.items() if name != "Authorization"}
    yield Wrong(method, path, headers, content, 401, frozenset(["ADMIN_KEY_MISSING"]))
    yield Wrong(method, path, {**headers, "X-API-Key": "x" * 40}, content, 401, frozenset(["ADMIN_KEY_MISSING"]))
    yield Wrong(method, path, headers, b"{" if content else None, 401, frozenset(["ADMIN_KEY_MISSING"]))


def _wrong_key(operation: Operation) -> Iterator[Wrong]:
    method, path, headers, content = _request(operation)
    for secret in ("x" * 40, "the admin key"):
        yield Wrong(method, path, {**headers, "Authorization": f"Bearer {secret}"}, content, 401, frozenset(["ADMIN_KEY_WRONG"]))
    yield Wrong(method, path, {**headers, "Authorization": "Basic eDp5"}, content, 401, frozenset(["ADMIN_KEY_MISSING"]))


def _bad_body(operation: Operation) -> Iterator[Wrong]:
    method, path, headers, content = _request(operation)
    if operation.body is None:
        return
    for bad in (b"{", b"\xff", b"[]", b'"text"', b"3", b"null" if operation.told["requestBody"].get("required") else b"{"):
        yield Wrong(method, path, headers, bad)
    yield Wrong(method, path, {**headers, "Content-Type": "text/plain"}, content)


def _out_of_range(operation: Operation) -> Iterator[Wrong]:
    """Go beyond every bound that is described; where an operation reads its fields by itself, its examples do."""
    example = _granted(operation)
    for each in operation.examples:
        if each.status in {400, 422} and each.name.endswith("_INVALID"):
            method, path, headers, content = request_of(each)
            yield Wrong(method, path, headers, content, each.status, frozenset([each.name]))
    for parameter in operation.parameters:
        place = {"query": example.query, "path": example.path}.get(parameter["in"])
        if place is None:
            continue
        for beyond in _beyond(operation.service, parameter["schema"]):
            if parameter["in"] == "query":
                yield _asked(example, query={**example.query, parameter["name"]: beyond})
            elif str(beyond):
                yield _asked(example, path={**example.path, parameter["name"]: beyond})
    if operation.body is not None and isinstance(example.body, dict):
        for name, schema in operation.body.get("properties", {}).items():
            for beyond in _beyond(operation.service, schema):
                yield _asked(example, body={**example.body, name: beyond})


def _unknown_name(operation: Operation) -> Iterator[Wrong]:
    example = _granted(operation)
    yield _asked(example, query={**example.query, "no_such_name": "1"}, codes=frozenset(["REQUEST_INVALID", "REPORT_INVALID"]))
    if isinstance(example.body, dict):
        yield _asked(example, body={**example.body, "no_such_name": 1})


def _too_large(operation: Operation) -> Iterator[Wrong]:
    method, path, headers, content = _request(operation)
    codes = frozenset(["REQUEST_TOO_LARGE"])
    if content is not None:
        yield Wrong(method, path, headers, content + b" " * BODY_BYTES_MAX, 413, codes)
    query = urlencode({"filler": "x" * HEAD_BYTES_MAX})
    yield Wrong(method, f"{path}{'&' if '?' in path else '?'}{query}", headers, None, 431, codes)


def _concurrent_edit(operation: Operation) -> Iterator[Wrong]:
    """What was changed meanwhile is the examples' to arrange: `test_examples.py` asks them in turn."""
    for example in operation.examples:
        if example.status == 409 and example.name in CHANGED_MEANWHILE:
            method, path, headers, content = request_of(example)
            yield Wrong(method, path, headers, content, 409, CHANGED_MEANWHILE)


def _beyond(service: str, schema: Mapping[str, Any]) -> Iterator[Any]:
    """Return values just beyond what a schema allows, of each alternative's kind."""
    found = list(alternatives(service, schema))
    for each in found:
        if "maximum" in each or "exclusiveMaximum" in each:
            yield _above(each["maximum"]) if "maximum" in each else each["exclusiveMaximum"]
        if "minimum" in each or "exclusiveMinimum" in each:
            yield each["minimum"] - 1 if "minimum" in each else each["exclusiveMinimum"]
        if "maxLength" in each:
            yield "a" * (each["maxLength"] + 1)
        if "enum" in each:
            yield "none of these"
        if "maxItems" in each:
            yield ["a"] * (each["maxItems"] + 1)
        if each.get("type") == "integer" and len(found) == 1:
            yield "many"
        if each.get("type") == "boolean" and len(found) == 1:
            yield "perhaps"


def _above(most: float) -> float:
    """Return the next number, or, where numbers are told too coarsely for that, one that is surely above."""
    return most + 1 if most < EXACT_BELOW else int(most) * 4


def _request(operation: Operation) -> tuple[str, str, dict[str, str], bytes | None]:
    return request_of(_granted(operation))


def _granted(operation: Operation) -> Example:
    example = operation.granted
    assert example is not None, f"{operation} has no example that is granted"
    return example


def _asked(
    example: Example,
    *,
    query: Mapping[str, Any] | None = None,
    path: Mapping[str, Any] | None = None,
    body: Any = msgspec.UNSET,
    codes: frozenset[str] = frozenset(["REQUEST_INVALID"]),
) -> Wrong:
    changed = msgspec.structs.replace(
        example,
        query=dict(example.query if query is None else query),
        path=dict(example.path if path is None else path),
        body=example.body if body is msgspec.UNSET else json.loads(json.dumps(body)),
    )
    method, address, headers, content = request_of(changed)
    return Wrong(method, address, headers, content, codes=codes)


_MAKERS = {
    "no key": _no_key,
    "wrong key": _wrong_key,
    "bad body": _bad_body,
    "out of range": _out_of_range,
    "unknown name": _unknown_name,
    "too large": _too_large,
    "concurrent edit": _concurrent_edit,
}
