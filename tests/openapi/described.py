"""What the program says of itself in `docs/reference`, as tests walk it: operations, their examples, what may be refused."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from trinity_beast.compose.described import examples_of
from trinity_beast.web import Example
from trinity_beast.web.declared import codes_of

REFERENCE = Path(__file__).resolve().parents[2] / "docs" / "reference"
SERVICES: Mapping[str, tuple[str, str]] = {
    "LPO": ("openapi.json", "price"),
    "LRS": ("openapi-reports.json", "report"),
    "OPS": ("openapi-health.json", "price_health"),
}
"""Each service's page, and what a ready file calls its port."""


@dataclass(frozen=True)
class Operation:
    """One method of one path of one service."""

    service: str
    method: str
    path: str
    told: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def port(self) -> str:
        return SERVICES[self.service][1]

    @property
    def is_for_operators(self) -> bool:
        return self.path.startswith("/admin/")

    @property
    def is_for_keys(self) -> bool:
        return not self.is_for_operators and bool(self.told.get("security"))

    @property
    def refusals(self) -> Mapping[str, set[int]]:
        """Every code it may be refused with, and under which statuses."""
        found: dict[str, set[int]] = {}
        for status, response in self.told["responses"].items():
            for code in codes_of(response):
                found.setdefault(code, set()).add(int(status))
        return found

    @property
    def body(self) -> Mapping[str, Any] | None:
        """The schema of what is sent, whole."""
        if "requestBody" not in self.told:
            return None
        return resolved(self.service, self.told["requestBody"]["content"]["application/json"]["schema"])

    @property
    def parameters(self) -> Sequence[Mapping[str, Any]]:
        """What is its own in path and query; what all share is left out."""
        return [each for each in self.told.get("parameters", ()) if "$ref" not in each]

    @property
    def examples(self) -> Sequence[Example]:
        return [each for each in examples_of(self.service) if each.operation == str(self)]

    @property
    def granted(self) -> Example | None:
        """The first example of one that is granted."""
        return next((each for each in self.examples if each.status < 400), None)


@cache
def document(service: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads((REFERENCE / SERVICES[service][0]).read_text(encoding="utf-8"))
    return found


@cache
def operations() -> Sequence[Operation]:
    return [
        Operation(service, method.upper(), path, told)
        for service in SERVICES
        for path, methods in document(service)["paths"].items()
        for method, told in methods.items()
    ]


def of_operators() -> Sequence[Operation]:
    return [each for each in operations() if each.is_for_operators]


def resolved(service: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema a reference leads to."""
    while "$ref" in schema:
        schema = document(service)["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def alternatives(service: str, schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The schemas of which one must fit, null left out."""
    schema = resolved(service, schema)
    for each in schema.get("anyOf", [schema]):
        if each.get("type") != "null":
            yield resolved(service, each)
