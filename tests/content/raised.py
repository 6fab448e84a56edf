"""What the program's own source refuses, read without importing it: classes of refusals, and where they are raised."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[2] / "trinity_beast"


@dataclass(frozen=True)
class RefusalClass:
    name: str
    code: str
    status: int
    file: str


@dataclass(frozen=True)
class Raised:
    code: str
    facts: frozenset[str]
    where: str


@cache
def _trees() -> dict[str, ast.Module]:
    return {str(path.relative_to(PACKAGE)): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(PACKAGE.rglob("*.py"))}


def _declared(body: ast.ClassDef) -> dict[str, object]:
    found: dict[str, object] = {}
    for line in body.body:
        if isinstance(line, ast.Assign):
            for target in line.targets:
                names = target.elts if isinstance(target, ast.Tuple) else [target]
                values = line.value.elts if isinstance(line.value, ast.Tuple) else [line.value]
                for name, value in zip(names, values, strict=False):
                    if isinstance(name, ast.Name) and isinstance(value, ast.Constant):
                        found[name.id] = value.value
    return found


@cache
def refusal_classes() -> tuple[RefusalClass, ...]:
    """Every class below TrinityError, with the code and status it declares or inherits."""
    known: dict[str, dict[str, object]] = {"TrinityError": {"code": "INTERNAL", "status": 500}}
    found: dict[str, RefusalClass] = {}
    classes = [(file, node) for file, tree in _trees().items() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    grown = True
    while grown:
        grown = False
        for file, node in classes:
            bases = {base.id for base in node.bases if isinstance(base, ast.Name)}
            parent = next((base for base in bases if base in known), None)
            if parent and node.name not in known:
                known[node.name] = known[parent] | _declared(node)
                told = known[node.name]
                found[node.name] = RefusalClass(node.name, str(told["code"]), int(str(told["status"])), file)
                grown = True
    return tuple(found.values())


@cache
def refusals_raised() -> tuple[Raised, ...]:
    """Every place that makes a refusal with its facts written out. One that hands facts on (`**facts`) is left out."""
    codes = {each.name: each.code for each in refusal_classes()}
    return tuple(
        Raised(codes[node.func.id], frozenset(word.arg for word in node.keywords if word.arg), f"{file}:{node.lineno}")
        for file, tree in _trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in codes
        if all(word.arg for word in node.keywords)
    )
