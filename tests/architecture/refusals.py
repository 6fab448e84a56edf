"""Every refusal is a class with a code, a status and a docstring, and the contract's codes keep the contract's statuses."""

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from tests.architecture.source import Finding, SourceFile, product

ROOT_CLASS = "TrinityError"
CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
# The statuses programs outside rely on (docs: the outside contract). A code may not change its status.
CONTRACT = {
    "KEY_MISSING": {401},
    "KEY_INVALID": {401},
    "KEY_REVOKED": {401},
    "KEY_EXPIRED": {401},
    "TIER_FORBIDS": {403},
    "ASSET_UNKNOWN": {404},
    "PRICE_STALE": {503},
    "PRICE_UNAVAILABLE": {503},
    "RATE_LIMITED": {429},
    "QUOTA_SPENT": {429},
    "REQUEST_INVALID": {400},
    "REQUEST_TOO_LARGE": {413, 431},
    "METHOD_NOT_ALLOWED": {405},
    "NOT_FOUND": {404},
    "OVERLOADED": {503},
    "DEPENDENCY_AWAY": {503},
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """One class that descends from TrinityError, as its source shows it."""

    file: SourceFile
    node: ast.ClassDef
    code: str | None
    status: int | None


def refusal_findings(files: Sequence[SourceFile]) -> list[Finding]:
    """Return every refusal that lacks its code, its status or its docstring, or shares its code with another."""
    refusals = refusals_of(files)
    findings = [
        refusal.file.found(refusal.node.lineno, f"{refusal.node.name} {sentence}") for refusal in refusals for sentence in _against(refusal)
    ]
    first: dict[str, str] = {}
    for refusal in refusals:
        if refusal.code and first.setdefault(refusal.code, refusal.node.name) != refusal.node.name:
            taken = f"uses the code {refusal.code} of {first[refusal.code]}; a code means one thing, so a program can branch on it."
            findings.append(refusal.file.found(refusal.node.lineno, f"{refusal.node.name} {taken}"))
    return findings


def refusals_of(files: Sequence[SourceFile]) -> list[Refusal]:
    """Return every class that descends from TrinityError, however far."""
    classes = [(file, node) for file in product(files) for node in ast.walk(file.tree) if isinstance(node, ast.ClassDef)]
    known, grew = {ROOT_CLASS}, True
    while grew:
        heirs = {node.name for _, node in classes if any(ast.unparse(base).split(".")[-1] in known for base in node.bases)}
        grew = not heirs <= known
        known |= heirs
    return [Refusal(file, node, *_code_and_status(node)) for file, node in classes if node.name in known - {ROOT_CLASS}]


def _against(refusal: Refusal) -> Iterator[str]:
    if refusal.code is None:
        yield 'has no code of its own: write `code, status = "…", …` as its first line; programs branch on it.'
    elif not CODE.fullmatch(refusal.code):
        yield f"has the code {refusal.code!r}, which is not UPPER_SNAKE."
    if refusal.status is None or refusal.status not in {status.value for status in HTTPStatus if status >= 400}:
        yield f"has the status {refusal.status}, which is no HTTP status of a refusal (400 to 599)."
    elif refusal.code in CONTRACT and refusal.status not in CONTRACT[refusal.code]:
        yield f"answers {refusal.status}, but the contract promises {sorted(CONTRACT[refusal.code])} for {refusal.code}."
    if not ast.get_docstring(refusal.node):
        yield "has no docstring: say when it happens and what it protects; the reference is made from it."


def _code_and_status(node: ast.ClassDef) -> tuple[str | None, int | None]:
    values: dict[str, object] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                values.update(_assigned(target, statement.value))
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            values.update(_assigned(statement.target, statement.value))
    code, status = values.get("code"), values.get("status")
    return (code if isinstance(code, str) else None), (status if isinstance(status, int) else None)


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, object]]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for name, part in zip(target.elts, value.elts, strict=True):
            yield from _assigned(name, part)
    elif isinstance(target, ast.Name) and isinstance(value, ast.Constant):
        yield target.id, value.value
