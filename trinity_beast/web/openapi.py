"""The description of an app: what FastAPI finds, with every answer in its envelope, every refusal named, and examples of all."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from trinity_beast.errors import TrinityError
from trinity_beast.web.declared import HEAD_TOO_LARGE, PLAIN, REFS, RESPONSE_REFS, classes_by_code, codes_of, example_name, response_of
from trinity_beast.web.envelope import JSON, Envelope, Problem
from trinity_beast.web.errors import Overloaded, RequestInvalid, RequestTimeout, RequestTooLarge
from trinity_beast.web.examples import Example, embed, refusal_example
from trinity_beast.web.words import Words

_METHODS = frozenset(("get", "put", "post", "delete", "patch"))
_OPERATORS = "/admin/"
_CARRIERS: Mapping[str, Mapping[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer YOUR_KEY"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "url": {"type": "apiKey", "in": "query", "name": "key", "description": "Only for the demo key and keys restricted to URLs."},
    "admin": {"type": "http", "scheme": "bearer", "description": "The admin key: Authorization: Bearer ADMIN_KEY, and nowhere else."},
}
_CARRIERS_BY_CODE: Mapping[str, tuple[str, ...]] = {"KEY_MISSING": ("bearer", "header", "url"), "ADMIN_KEY_MISSING": ("admin",)}
_ABOUT = """

Every JSON answer is an envelope of twelve fields. A refusal is one too, and a problem by RFC 9457 in one: its `code` never changes, its
`type` is a page that explains it, its sentences are in the language `Accept-Language` asks for.

What is true of every address is not repeated at each: HEAD is answered as GET is, without the body; OPTIONS with 204 and what a page
may ask; any other method with 405 `METHOD_NOT_ALLOWED`; an address that is not described here with 404 `NOT_FOUND`; what is no HTTP/1.1
with 400 `REQUEST_INVALID`; a request that does not come whole in time with 408 `REQUEST_TIMEOUT`."""
_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "AcceptLanguage": {
        "name": "Accept-Language", "in": "header", "description": "In which language a refusal is told.", "schema": {"type": "string"},
    },
    "RequestId": {
        "name": "X-Request-Id", "in": "header", "schema": {"type": "string"},
        "description": "Your own name for the request, up to 64 of `A-Za-z0-9._-`; the answer bears it, or one of ours.",
    },
    "Operator": {
        "name": "X-Operator", "in": "header", "description": "Who asks, for the trail.", "schema": {"type": "string"},
    },
}  # fmt: skip
_HEADERS: Mapping[str, Mapping[str, Any]] = {
    "X-Request-Id": {"description": "What the request is called.", "required": True, "schema": {"type": "string"}},
    "RateLimit-Policy": {"description": "The limits of the key.", "required": True, "schema": {"type": "string"}},
    "RateLimit": {"description": "What is left of them.", "required": True, "schema": {"type": "string"}},
    "X-RateLimit-Limit": {
        "description": "The burst of the key; its month, once less is left of that.",
        "required": True,
        "schema": {"type": "string"},
    },
    "X-RateLimit-Remaining": {"description": "What is left of it.", "required": True, "schema": {"type": "string"}},
    "X-RateLimit-Reset": {"description": "Seconds until there is more of it.", "required": True, "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds to wait; absent where waiting does not help.", "schema": {"type": "string"}},
    "WWW-Authenticate": {"description": "How to be let in.", "schema": {"type": "string"}},
}
_BOUNDS = frozenset(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"])
_ON_EVERY_ANSWER = tuple(name for name, header in _HEADERS.items() if header.get("required"))
_ON_STATUS = {"401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",)}


def description(api: FastAPI, *, words: Words, service: str, examples: Iterable[Example] = ()) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of `api`, whose refusals are told in `words` by `service`."""
    document = get_openapi(title=api.title, version=api.version, description=f"{api.description}{_ABOUT}", routes=api.routes)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.update(msgspec.json.schema_components((Envelope, Problem), ref_template=REFS)[1])
    schemas["Problem"]["description"] = "Every refusal: the envelope, and a problem by RFC 9457 in one."
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    operations = [
        (address, operation) for address, path in document["paths"].items() for method, operation in path.items() if method in _METHODS
    ]
    for address, operation in operations:
        _complete(operation, is_for_operators=address.startswith(_OPERATORS))
    components |= {
        "securitySchemes": _used_carriers(operations),
        "parameters": {name: dict(each) for name, each in _PARAMETERS.items()},
        "headers": {name: dict(each) for name, each in _HEADERS.items()},
        "examples": _refusal_examples(operations, words, service),
    }
    embed(document, examples, service=service)
    _write_whole_numbers(document)
    components["responses"] = _shared(operations)
    return document


def _complete(operation: dict[str, Any], *, is_for_operators: bool) -> None:
    responses: dict[str, dict[str, Any]] = operation["responses"]
    if not codes_of(responses.get("422", {})):
        responses.pop("422", None)
    for response in responses.values():
        content = response.get("content", {})
        if JSON in content and not codes_of(response):
            content[JSON]["schema"] = _enveloped(content[JSON].get("schema", {}))
        for described in content.values():
            described.get("schema", {}).pop(PLAIN, None)
    _refuse(responses, _refused_by_the_edge(operation, is_for_operators=is_for_operators))
    carriers = next((_CARRIERS_BY_CODE[code] for code in codes_of(responses.get("401", {})) if code in _CARRIERS_BY_CODE), ())
    if carriers:
        operation["security"] = [{name: []} for name in carriers]
    common = ("AcceptLanguage", "RequestId", *(("Operator",) if is_for_operators else ()))
    operation.setdefault("parameters", []).extend({"$ref": f"#/components/parameters/{name}"} for name in common)
    for status, response in responses.items():
        named = (*_ON_EVERY_ANSWER, *_ON_STATUS.get(status, ()))
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in named} | response.get("headers", {})


def _refused_by_the_edge(operation: Mapping[str, Any], *, is_for_operators: bool) -> list[tuple[int, type[TrinityError]]]:
    """Return what is refused before or around the route: what it reads can be wrong, late or too large, and the node too busy."""
    has_body = "requestBody" in operation
    found: list[tuple[int, type[TrinityError]]] = [(HEAD_TOO_LARGE, RequestTooLarge)]
    found += [(each.status, each) for each in (Overloaded, TrinityError)]
    if has_body or operation.get("parameters") or is_for_operators:
        found.append((RequestInvalid.status, RequestInvalid))
    if has_body:
        found += [(each.status, each) for each in (RequestTimeout, RequestTooLarge)]
    return found


def _refuse(responses: dict[str, dict[str, Any]], more: Iterable[tuple[int, type[TrinityError]]]) -> None:
    """Add refusals to those the route declared; several may share a status."""
    known = classes_by_code()
    for status, refusal in more:
        declared = {known[code] for code in codes_of(responses.get(str(status), {}))}
        kept = responses.get(str(status), {}) if not declared else {}
        responses[str(status)] = {**kept, **response_of(status, {*declared, refusal})}


def _enveloped(data: Mapping[str, Any]) -> dict[str, Any]:
    if data.get(PLAIN):
        return dict(data)
    narrowed = {"success": {"const": True}, "code": {"const": "OK"}, "data": dict(data)}
    return {"allOf": [{"$ref": REFS.format(name="Envelope")}, {"type": "object", "properties": narrowed}]}


def _shared(operations: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Return each refusal once, by its status and codes, and have the operations lead there: most refuse alike."""
    shared: dict[str, Any] = {}
    for _, operation in operations:
        for status, response in operation["responses"].items():
            if codes := codes_of(response):
                name = ".".join([status, *codes])
                shared[name] = response
                operation["responses"][status] = {"$ref": RESPONSE_REFS.format(name=name)}
    return shared


def _write_whole_numbers(node: Any) -> None:
    """Write bounds of whole numbers as whole numbers: FastAPI makes floats of them."""
    if isinstance(node, list):
        for each in node:
            _write_whole_numbers(each)
    elif isinstance(node, dict):
        for name, value in node.items():
            if name in _BOUNDS and isinstance(value, float) and value.is_integer():
                node[name] = int(value)
            else:
                _write_whole_numbers(value)


def _used_carriers(operations: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    used = {name for _, operation in operations for each in operation.get("security", ()) for name in each}
    return {name: dict(carrier) for name, carrier in _CARRIERS.items() if name in used}


def _refusal_examples(operations: Iterable[tuple[str, Mapping[str, Any]]], words: Words, service: str) -> dict[str, Any]:
    found = {
        (code, int(status))
        for _, operation in operations
        for status, response in operation["responses"].items()
        for code in codes_of(response)
    }
    return {example_name(code, status): refusal_example(code, status, words=words, service=service) for code, status in sorted(found)}
