"""The description of an app: what FastAPI finds, with every answer in its envelope and every refusal named."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from trinity_beast.errors import TrinityError
from trinity_beast.web.envelope import JSON, PROBLEM_JSON, Envelope, Problem
from trinity_beast.web.errors import MethodNotAllowed, NotFound, Overloaded, RequestInvalid, RequestTimeout, RequestTooLarge

_REFS = "#/components/schemas/{name}"
_EVERYWHERE = (RequestInvalid, NotFound, MethodNotAllowed, RequestTimeout, RequestTooLarge, Overloaded, TrinityError)
_KEY_CARRIERS = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Authorization: Bearer YOUR_KEY"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "url": {"type": "apiKey", "in": "query", "name": "key", "description": "Only for the demo key and keys restricted to URLs."},
}
_ADMIN_KEY_CARRIERS = ("bearer",)
_METHODS = frozenset(("get", "put", "post", "delete", "patch", "head", "options"))


def refusals(*classes: type[TrinityError]) -> dict[int | str, dict[str, Any]]:
    """Return what a route declares as `responses`: each refusal's code and meaning under its status."""
    by_status: dict[int | str, list[type[TrinityError]]] = {}
    for each in classes:
        by_status.setdefault(each.status, []).append(each)
    return {status: _response(sorted(found, key=lambda each: each.code)) for status, found in by_status.items()}


def description(api: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of `api`."""
    document = get_openapi(title=api.title, version=api.version, description=api.description, routes=api.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(msgspec.json.schema_components((Envelope, Problem), ref_template=_REFS)[1])
    schemas["Problem"]["description"] = "Every refusal: the envelope, and a problem by RFC 9457 in one."
    document["components"]["securitySchemes"] = _KEY_CARRIERS
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for address, path in document.get("paths", {}).items():
        carriers = _ADMIN_KEY_CARRIERS if address.startswith("/admin/") else tuple(_KEY_CARRIERS)
        for method, operation in path.items():
            if method in _METHODS:
                _complete(operation, carriers)
    return document


def _complete(operation: dict[str, Any], carriers: Sequence[str]) -> None:
    responses: dict[str, dict[str, Any]] = operation["responses"]
    responses.pop("422", None)
    if "401" in responses:
        operation["security"] = [{name: []} for name in carriers]
    for status, response in responses.items():
        content = response.get("content", {})
        if status.startswith("2") and JSON in content:
            content[JSON]["schema"] = _enveloped(content[JSON].get("schema", {}))
    for everywhere, response in refusals(*_EVERYWHERE).items():
        responses.setdefault(str(everywhere), response)


def _enveloped(data: Mapping[str, Any]) -> dict[str, Any]:
    narrowed = {"success": {"const": True}, "code": {"const": "OK"}, "data": dict(data)}
    return {"allOf": [{"$ref": _REFS.format(name="Envelope")}, {"type": "object", "properties": narrowed}]}


def _response(classes: list[type[TrinityError]]) -> dict[str, Any]:
    codes = sorted({each.code for each in classes})
    meanings = "; ".join(f"`{each.code}`: {_meaning(each)}" for each in classes)
    schema = {"allOf": [{"$ref": _REFS.format(name="Problem")}, {"properties": {"code": {"enum": codes}}}]}
    return {"description": meanings, "content": {PROBLEM_JSON: {"schema": schema}}}


def _meaning(refusal: type[TrinityError]) -> str:
    if refusal is TrinityError:
        return "A mistake of ours."
    return (refusal.__doc__ or refusal.code).strip().splitlines()[0]
