"""What a route declares of its answers: the refusals it may give, and what it tells outside the envelope."""

from collections.abc import Iterator, Mapping
from typing import Any

from trinity_beast.errors import TrinityError
from trinity_beast.web.envelope import PROBLEM_JSON

REFS = "#/components/schemas/{name}"
RESPONSE_REFS = "#/components/responses/{name}"
EXAMPLE_REFS = "#/components/examples/{name}"
PLAIN = "x-plain"
"""Marks what is told as it is, outside the envelope, until the description is made."""

HEAD_TOO_LARGE = 431
"""The status of REQUEST_TOO_LARGE where the request line and headers are too large, and not the body."""

Responses = dict[int | str, dict[str, Any]]


def refusals(*classes: type[TrinityError]) -> Responses:
    """Return what a route declares as `responses`: each refusal's code and meaning under its status."""
    by_status: dict[int | str, set[type[TrinityError]]] = {}
    for each in classes:
        by_status.setdefault(each.status, set()).add(each)
    return {status: response_of(int(status), found) for status, found in by_status.items()}


def told_as(media_type: str, about: str, schema: Mapping[str, Any] | None = None, *, status: int = 200) -> Responses:
    """Return what a route declares that answers outside the envelope."""
    return {status: {"description": about, "content": {media_type: {"schema": {**(schema or {"type": "string"}), PLAIN: True}}}}}


def response_of(status: int, classes: set[type[TrinityError]]) -> dict[str, Any]:
    """Return the description of what is refused under `status`."""
    found = sorted(classes, key=lambda each: each.code)
    codes = sorted({each.code for each in found})
    meanings = "; ".join(f"`{each.code}`: {_meaning(each)}" for each in found)
    schema = {"allOf": [{"$ref": REFS.format(name="Problem")}, {"properties": {"code": {"enum": codes}, "status": {"const": status}}}]}
    examples = {code: {"$ref": EXAMPLE_REFS.format(name=example_name(code, status))} for code in codes}
    return {"description": meanings, "content": {PROBLEM_JSON: {"schema": schema, "examples": examples}}}


def codes_of(response: Mapping[str, Any]) -> list[str]:
    """Return the codes of a response that `response_of` described, there or where it leads; none where it is no refusal."""
    if "$ref" in response:
        _, *codes = str(response["$ref"]).rpartition("/")[2].split(".")
        return codes
    content = response.get("content", {}).get(PROBLEM_JSON)
    return [] if content is None else [name.partition(".")[0] for name in content["examples"]]


def example_name(code: str, status: int) -> str:
    """Return what the example of a refusal is called. One code travels under two statuses."""
    return f"{code}.{status}" if status == HEAD_TOO_LARGE else code


def classes_by_code() -> dict[str, type[TrinityError]]:
    """Return every refusal this program knows, by its code."""
    known: list[type[TrinityError]] = [*_heirs(TrinityError), TrinityError]
    return {each.code: each for each in known}


def _heirs(refusal: type[TrinityError]) -> Iterator[type[TrinityError]]:
    for heir in refusal.__subclasses__():
        yield from _heirs(heir)
        yield heir


def _meaning(refusal: type[TrinityError]) -> str:
    if refusal is TrinityError:
        return "A mistake of ours."
    return (refusal.__doc__ or refusal.code).strip().splitlines()[0]
