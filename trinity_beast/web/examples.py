"""Examples in an app's description: requests with the answers they get, and every refusal as it is told."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from trinity_beast.web.asked import location_of
from trinity_beast.web.declared import example_name
from trinity_beast.web.envelope import JSON, PROBLEM_JSON, Detail, Envelope, Problem, problem_page
from trinity_beast.web.words import Words

_FRAME: Mapping[str, Any] = {
    "request_id": "01JD4Q6T3V8Y",
    "timestamp": "2026-11-20T07:40:00.123456Z",
    "latency_us": 7,
    "node": "BeastMain",
    "region": "local",
    "version": "1",
}


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A request, and how it is answered.

    `name` links the two: both sides bear it. That of a refusal is its code. `data` is what the answer holds: the envelope's, or,
    where there is none, the whole.
    """

    operation: str
    """Method and path, as the description has them: `GET /admin/keys/show`."""
    name: str
    about: str = ""
    path: dict[str, Any] = {}
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    body: Any = msgspec.UNSET
    status: int = 200
    data: Any = None


def embed(document: Mapping[str, Any], examples: Iterable[Example], *, service: str) -> None:
    """Put examples where they belong in a description.

    Raises:
        ValueError: one belongs to no operation, parameter or answer that is described.
    """
    for example in examples:
        method, _, address = example.operation.partition(" ")
        operation = document["paths"].get(address, {}).get(method.lower())
        if operation is None:
            raise ValueError(f"there is no {example.operation} to be an example of")
        _ask(operation, example)
        _answer(operation, example, service)


def refusal_example(code: str, status: int, *, words: Words, service: str) -> dict[str, Any]:
    """Return a refusal as it is told where it has no facts."""
    told = words.told(code)
    problem = Problem(
        success=False,
        service=service,
        code=code,
        message=told.message,
        data=None,
        errors=[Detail(location_of(code), code, told.message, told.fix)],
        type=problem_page(code),
        title=told.title,
        status=status,
        detail=told.message,
        **_FRAME,
    )
    return {"summary": told.title, "value": msgspec.to_builtins(problem)}


def _ask(operation: Mapping[str, Any], example: Example) -> None:
    given = {"path": example.path, "query": example.query, "header": example.headers}
    described = {(each["in"], each["name"]): each for each in operation.get("parameters", ()) if "name" in each}
    for place, values in given.items():
        for name, value in values.items():
            if (place, name) not in described:
                raise ValueError(f"{example.operation} has no {place} parameter {name!r} to give an example of")
            described[place, name].setdefault("examples", {})[example.name] = {"value": value}
    if example.body is not msgspec.UNSET:
        content = operation["requestBody"]["content"][JSON]
        content.setdefault("examples", {})[example.name] = _summed_up(example, example.body)


def _answer(operation: Mapping[str, Any], example: Example, service: str) -> None:
    response = operation["responses"].get(str(example.status))
    if response is None:
        raise ValueError(f"{example.operation} is not answered with {example.status}")
    content = response.get("content", {})
    if example.status >= 400:
        if example_name(example.name, example.status) not in {each["$ref"].rpartition("/")[2] for each in _refused(content)}:
            raise ValueError(f"{example.operation} is not refused as {example.name}")
    elif isinstance(example.data, str) and JSON not in content:
        for described in content.values():
            described.setdefault("examples", {})[example.name] = _summed_up(example, example.data)
    elif JSON in content:
        is_plain = "allOf" not in content[JSON]["schema"]
        value = example.data if is_plain else _granted(example.data, service)
        content[JSON].setdefault("examples", {})[example.name] = _summed_up(example, value)


def _refused(content: Mapping[str, Any]) -> Iterable[Mapping[str, str]]:
    described = content.get(PROBLEM_JSON, {})
    refused: Mapping[str, Mapping[str, str]] = described.get("examples", {})
    return refused.values()


def _summed_up(example: Example, value: Any) -> dict[str, Any]:
    return {**({"summary": example.about} if example.about else {}), "value": value}


def _granted(data: Any, service: str) -> Any:
    return msgspec.to_builtins(Envelope(success=True, service=service, code="OK", message="", data=data, errors=(), **_FRAME))
